package io.quarry.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.State;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.RegistryUnavailableException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StateReaderTest {
    private static final Topics TOPICS = Topics.withDefaultPrefix();
    private static final TopicPartition STATES = new TopicPartition(TOPICS.states(), 0);

    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest") {
        @Override
        public synchronized List<PartitionInfo> partitionsFor(String topic, Duration timeout) {
            refuseIfSilent();
            return super.partitionsFor(topic, timeout);
        }

        @Override
        public synchronized Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> of, Duration timeout) {
            refuseIfSilent();
            return super.endOffsets(of, timeout);
        }
    };
    private boolean registryIsUp = true;
    private boolean brokersAreSilent;
    private final StateReader reader =
            new StateReader(new Fetcher(consumer), this::state, (topic, bytes) -> new ResourceGroup(), TOPICS);

    @BeforeEach
    void oneEmptyPartition() {
        Node[] nobody = new Node[0];
        consumer.updatePartitions(
                TOPICS.states(), List.of(new PartitionInfo(TOPICS.states(), 0, Node.noNode(), nobody, nobody)));
        consumer.updateBeginningOffsets(Map.of(STATES, 0L));
        end(0);
    }

    @Test
    void aLookUpIsAnsweredOnceEverythingUpToTheEndWasRead() {
        end(3);
        CompletableFuture<Optional<JobState>> answer = reader.latest("a");
        reader.runOnce();
        assertThat(answer).isNotDone();
        add(0, "a", State.QUEUED);
        add(1, "b", State.QUEUED);
        reader.runOnce();
        assertThat(answer).isNotDone();
        add(2, "a", State.RUNNING);
        reader.runOnce();
        assertThat(answer.join()).map(JobState::getState).contains(State.RUNNING);
    }

    @Test
    void aJobWithoutARowIsAnsweredEmpty() {
        CompletableFuture<Optional<JobState>> answer = reader.latest("nobody");
        reader.runOnce();
        assertThat(answer.join()).isEmpty();
    }

    @Test
    void brokersThatAreSilentAreAskedAgainUntilTheyAnswerOrTheAskerGivesUp() {
        brokersAreSilent = true;
        CompletableFuture<Optional<JobState>> answer = reader.latest("a");
        CompletableFuture<Optional<JobState>> givenUp = reader.latest("b");
        reader.runOnce();
        reader.runOnce();
        assertThat(answer).isNotDone();
        givenUp.cancel(false);
        brokersAreSilent = false;
        reader.runOnce();
        assertThat(answer.join()).isEmpty();
    }

    @Test
    void brokersThatFallSilentBetweenTwoQuestionsAreAskedAgain() {
        assertThat(lookUp("a")).isEmpty();
        brokersAreSilent = true;
        CompletableFuture<Optional<JobState>> answer = reader.latest("a");
        reader.runOnce();
        assertThat(answer).isNotDone();
        brokersAreSilent = false;
        reader.runOnce();
        assertThat(answer.join()).isEmpty();
    }

    private Optional<JobState> lookUp(String id) {
        CompletableFuture<Optional<JobState>> answer = reader.latest(id);
        reader.runOnce();
        return answer.join();
    }

    private void refuseIfSilent() {
        if (brokersAreSilent) {
            throw new TimeoutException("silent");
        }
    }

    @Test
    void aTombstoneIsNoRow() {
        end(2);
        CompletableFuture<Optional<JobState>> answer = reader.latest("a");
        reader.runOnce();
        add(0, "a", State.SUCCEEDED);
        consumer.addRecord(new ConsumerRecord<>(TOPICS.states(), 0, 1, bytes("a"), null));
        reader.runOnce();
        assertThat(answer.join()).isEmpty();
    }

    @Test
    void aRegistryOutageIsWaitedOutAndSkipsNothing() {
        List<State> seen = watch("a");
        reader.runOnce();
        registryIsUp = false;
        add(0, "a", State.RUNNING);
        reader.runOnce();
        assertThat(seen).isEmpty();
        assertThat(reader.registryTrouble()).isNotNull();
        assertThat(consumer.position(STATES)).isZero();
        registryIsUp = true;
        add(0, "a", State.RUNNING);
        add(1, "a", State.SUCCEEDED);
        reader.runOnce();
        assertThat(seen).containsExactly(State.RUNNING, State.SUCCEEDED);
        assertThat(reader.registryTrouble()).isNull();
    }

    @Test
    void nothingIsFetchedWhileNobodyWatches() {
        List<State> seen = watch("a");
        reader.runOnce();
        add(0, "a", State.SUCCEEDED);
        reader.runOnce();
        assertThat(seen).containsExactly(State.SUCCEEDED);
        add(1, "a", State.SUCCEEDED);
        reader.runOnce();
        assertThat(consumer.position(STATES)).isEqualTo(1);
    }

    @Test
    void rowsOfOtherJobsAreNotDeserialized() {
        List<State> seen = watch("a");
        reader.runOnce();
        consumer.addRecord(new ConsumerRecord<>(TOPICS.states(), 0, 0, bytes("b"), new byte[] {1, 2, 3}));
        add(1, "a", State.RUNNING);
        reader.runOnce();
        assertThat(seen).containsExactly(State.RUNNING);
    }

    @Test
    void aMissingTopicIsNamed() {
        StateReader lost = new StateReader(
                new Fetcher(new MockConsumer<>("earliest")),
                this::state,
                (topic, bytes) -> new ResourceGroup(),
                TOPICS);
        CompletableFuture<Optional<JobState>> answer = lost.latest("a");
        lost.runOnce();
        assertThatThrownBy(answer::join).hasMessageContaining("topic quarry.job-state does not exist");
    }

    @Test
    void keysGoWhereKafkasOwnPartitionerSendsThem() {
        Map<Integer, Integer> counts = new HashMap<>();
        for (int i = 0; i < 1000; i++) {
            counts.merge(StateReader.partition("job-" + i, 12), 1, Integer::sum);
        }
        assertThat(counts).hasSize(12);
        assertThat(StateReader.partition("job-1", 1)).isZero();
    }

    private List<State> watch(String id) {
        List<State> seen = new ArrayList<>();
        reader.watch(id, new StateReader.Watch() {
            @Override
            public boolean row(JobState row) {
                seen.add(row.getState());
                return !JobHandle.isFinal(row.getState());
            }

            @Override
            public void failed(RuntimeException failure) {
                throw failure;
            }
        });
        return seen;
    }

    private JobState state(String topic, byte[] bytes) {
        if (!registryIsUp) {
            throw new RegistryUnavailableException("down", null);
        }
        try {
            return JobState.fromByteBuffer(ByteBuffer.wrap(bytes));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void end(long offset) {
        consumer.updateEndOffsets(Map.of(STATES, offset));
    }

    private void add(long offset, String id, State state) {
        try {
            byte[] row = JobState.newBuilder()
                    .setJob(Job.newBuilder().setId(id).build())
                    .setState(state)
                    .setSubmittedAt(Instant.EPOCH)
                    .build()
                    .toByteBuffer()
                    .array();
            consumer.addRecord(new ConsumerRecord<>(TOPICS.states(), 0, offset, bytes(id), row));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
