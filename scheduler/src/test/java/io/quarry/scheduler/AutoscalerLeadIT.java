package io.quarry.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarry.scheduler.pool.Autoscaler;
import io.quarry.scheduler.pool.PoolSettings;
import io.quarry.scheduler.pool.WorkerPool;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.common.GroupState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which of several schedulers scales, on a real broker. */
class AutoscalerLeadIT {
    private static final Topics TOPICS = Topics.withDefaultPrefix();
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    static Path directory;

    @Test
    void whoScalesGoesOnWhileOthersComeAndAnotherOneDoesOnceItIsGone() throws Exception {
        try (TestRegistry registry = new TestRegistry();
                TestBroker broker = new TestBroker(directory.resolve("broker"));
                TestInstallation quarry = new TestInstallation(broker, registry, Topics.DEFAULT_PREFIX, Map.of())) {
            TellingPool first = new TellingPool();
            TellingPool others = new TellingPool();
            Autoscaler leader = start(quarry, first);
            await().atMost(SOON).until(leader::isActive);
            try (Autoscaler second = start(quarry, others);
                    Autoscaler third = start(quarry, others)) {
                await().atMost(SOON).until(() -> members(quarry) == 3);
                assertThat(leader.isActive()).isTrue();
                assertThat(first.watches()).isEqualTo(1);
                assertThat(others.watches()).isZero();

                leader.close();

                await().atMost(SOON).until(() -> second.isActive() || third.isActive());
                assertThat(members(quarry)).isLessThanOrEqualTo(2);
                assertThat(others.watches()).isEqualTo(1);
            } finally {
                leader.close();
            }
        }
    }

    private static Autoscaler start(TestInstallation quarry, WorkerPool pool) {
        return Autoscaler.start(
                new PoolSettings(TOPICS, Duration.ofMillis(100)),
                Map.of("bootstrap.servers", quarry.settings().getOrDefault("bootstrap.servers", "")),
                WireSerdes.of(quarry.settings()),
                pool,
                InstantSource.system());
    }

    /** Members of the group that elects the leader; none while it is not settled. */
    private static int members(TestInstallation quarry) throws Exception {
        String group = TOPICS.prefix() + "autoscaler";
        ConsumerGroupDescription said = Objects.requireNonNull(quarry.admin
                        .describeConsumerGroups(List.of(group))
                        .describedGroups()
                        .get(group))
                .get();
        return said.groupState() == GroupState.STABLE ? said.members().size() : 0;
    }
}
