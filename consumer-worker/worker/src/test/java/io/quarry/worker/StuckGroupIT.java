package io.quarry.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarry.avro.JobEventType;
import io.quarry.schemas.provision.StuckShareGroup;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ShareGroupDescription;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.coordinator.common.runtime.CoordinatorRecord;
import org.apache.kafka.coordinator.group.GroupCoordinatorRecordHelpers;
import org.apache.kafka.coordinator.group.GroupCoordinatorRecordSerde;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A share group as a broker leaves it that lost the last that it had written of the group. */
@Tag("long")
class StuckGroupIT {
    private static final Duration ANSWER = Duration.ofSeconds(10);
    private static final String GROUP = "stuck";

    @TempDir
    private Path dir;

    @AfterEach
    void forget() {
        ScriptedHandler.reset();
    }

    @Test
    void aGroupThatHandsOutNothingIsMendedByItsIdleWorker() throws Exception {
        try (TestCluster cluster = TestCluster.start(dir.resolve("broker"), GROUP)) {
            String group = cluster.topics.shareGroup(GROUP);
            cluster.submit(GROUP, Jobs.scripted("before", "ok"));
            try (WorkerProcess worker = WorkerProcess.start(cluster.worker("w1", GROUP, dir))) {
                assertThat(worker.takesJobs()).isTrue();
                assertThat(cluster.await1(JobEventType.FINISHED, "before")).isNotNull();
            }
            try (Admin admin = cluster.admin()) {
                assertThat(StuckShareGroup.among(admin, List.of(group, "nobodys"), ANSWER))
                        .isEmpty();
                loseEpochs(cluster, admin, group, 3);
            }
            cluster.stopBroker();
            cluster.restartBroker();
            cluster.submit(GROUP, Jobs.scripted("after", "ok"));
            try (Admin admin = cluster.admin()) {
                await().ignoreExceptions()
                        .atMost(TestCluster.SOON)
                        .until(() -> StuckShareGroup.among(admin, List.of(group), ANSWER)
                                        .size()
                                == 1);

                try (WorkerProcess worker = WorkerProcess.start(cluster.worker("w2", GROUP, dir))) {
                    assertThat(worker.takesJobs()).isTrue();
                    assertThat(cluster.await1(JobEventType.FINISHED, "after")).isNotNull();
                    await().atMost(TestCluster.SOON)
                            .until(() -> StuckShareGroup.among(admin, List.of(group), ANSWER)
                                    .isEmpty());
                }
            }
        }
    }

    /** The assignment is ahead of the group's epoch, and gives all that there is to somebody who is gone. */
    private static void loseEpochs(TestCluster cluster, Admin admin, String group, int epochs) throws Exception {
        int epoch = admin.describeShareGroups(List.of(group)).all().get(10, TimeUnit.SECONDS).values().stream()
                .mapToInt(ShareGroupDescription::groupEpoch)
                .max()
                .orElseThrow();
        Map<Uuid, Set<Integer>> all = new HashMap<>();
        admin.describeTopics(List.of(cluster.topics.jobs(GROUP), cluster.topics.retries(GROUP)))
                .allTopicNames()
                .get(10, TimeUnit.SECONDS)
                .forEach((name, topic) -> all.put(topic.topicId(), Set.of(0)));
        // Only an admin client may write to topics of the broker's own.
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", cluster.bootstrap(), "client.id", "__admin_client"),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            write(
                    producer,
                    GroupCoordinatorRecordHelpers.newShareGroupTargetAssignmentRecord(group, "somebody", all),
                    GroupCoordinatorRecordHelpers.newShareGroupTargetAssignmentMetadataRecord(
                            group, epoch + epochs, System.currentTimeMillis()));
        }
    }

    private static void write(KafkaProducer<byte[], byte[]> producer, CoordinatorRecord... records) throws Exception {
        GroupCoordinatorRecordSerde serde = new GroupCoordinatorRecordSerde();
        for (CoordinatorRecord record : records) {
            producer.send(new ProducerRecord<>(
                            "__consumer_offsets", 0, serde.serializeKey(record), serde.serializeValue(record)))
                    .get(10, TimeUnit.SECONDS);
        }
    }
}
