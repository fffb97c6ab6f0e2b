package io.quarry.scheduler.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.ProvisionException;
import io.quarry.schemas.serde.RegistryUnavailableException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QueueTopicsTest {
    private static final Topics TOPICS = new Topics("q.");
    private static final String JOBS = TOPICS.jobs("a");
    private static final String RETRIES = TOPICS.retries("a");

    private final AtomicInteger remade = new AtomicInteger();
    private final QueueTopics queues = new QueueTopics(TOPICS, remade::incrementAndGet);

    @Test
    void queuesAloneAreTold() {
        queues.look(Map.of(
                JOBS, "1", RETRIES, "2", TOPICS.oversize(), "3", TOPICS.dead(), "4", TOPICS.events(), "5", "x", "6"));
        assertThat(queues.get()).isEqualTo(Map.of(JOBS, "1", RETRIES, "2"));
        assertThat(remade).hasValue(0);
    }

    @Test
    void theMapIsTheSameOneAsLongAsNothingChanges() {
        queues.look(Map.of(JOBS, "1", RETRIES, "2"));
        Map<String, String> before = queues.get();
        queues.look(Map.of(JOBS, "1", RETRIES, "2", TOPICS.events(), "9"));
        assertThat(queues.get()).isSameAs(before);
        queues.look(Map.of(JOBS, "3", RETRIES, "2"));
        assertThat(queues.get()).containsEntry(JOBS, "3");
    }

    @Test
    void aGroupWithHalfOfItsTopicsIsNotTold() {
        queues.look(Map.of(JOBS, "1", TOPICS.jobs("b"), "2", TOPICS.retries("b"), "3"));
        assertThat(queues.get()).containsOnlyKeys(TOPICS.jobs("b"), TOPICS.retries("b"));
    }

    @Test
    void aQueueThatIsGoneIsMadeAgainOnce() {
        queues.look(Map.of(JOBS, "1", RETRIES, "2"));
        queues.look(Map.of(RETRIES, "2"));
        assertThat(remade).hasValue(1);
        queues.look(Map.of(RETRIES, "2"));
        assertThat(remade).as("a group that was deleted stays away").hasValue(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aRemakeThatFailsIsTriedAgain(boolean registry) {
        QueueTopics failing = new QueueTopics(TOPICS, () -> {
            if (remade.incrementAndGet() < 3) {
                throw registry
                        ? new RegistryUnavailableException("it is away", null)
                        : new ProvisionException("it refuses");
            }
        });
        Map<String, String> all = new HashMap<>(Map.of(JOBS, "1", RETRIES, "2"));
        failing.look(all);
        all.remove(JOBS);
        for (int i = 0; i < 5; i++) {
            failing.look(all);
        }
        assertThat(remade).hasValue(3);
    }
}
