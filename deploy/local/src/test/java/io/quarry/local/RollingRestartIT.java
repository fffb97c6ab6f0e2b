package io.quarry.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarry.avro.JobState;
import io.quarry.avro.State;
import io.quarry.client.JobHandle;
import io.quarry.client.QuarryClient;
import io.quarry.local.audit.AuditReport;
import io.quarry.local.audit.AuditSettings;
import io.quarry.local.audit.Auditor;
import io.quarry.local.broker.Members;
import io.quarry.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three brokers, three replicas, two of them in sync at least: how an operator upgrades a cluster under running jobs. */
@Tag("long")
class RollingRestartIT {
    private static final Duration SOON = Duration.ofMinutes(2);

    @TempDir
    private Path temporary;

    @Test
    void aRollingRestartRerunsNothing() throws Exception {
        try (Members members = Members.start(temporary)) {
            await().atMost(SOON).ignoreExceptions().until(() -> whole(members));
            Map<String, String> given = new TreeMap<>();
            given.put("bootstrap.servers", members.bootstrapServers());
            given.put("replication.factor", "3");
            given.put("workers", "2");
            given.put("worker.heap.bytes", Long.toString(128L << 20));
            given.put("worker.memory.bytes", Long.toString(512L << 20));
            LocalSettings settings = LocalSettings.of(temporary.resolve("data"), given, new Machine(4L << 30, 2));
            try (LocalMode local = LocalMode.start(settings);
                    QuarryClient client = QuarryClient.connect(Map.of(
                            "bootstrap.servers",
                            members.bootstrapServers(),
                            "schema.registry.url",
                            local.registryUrl(),
                            // A broker that led what is asked for is away for a while.
                            "submit.timeout.ms",
                            "60000"))) {
                Path go = temporary.resolve("go");
                // One runs from before the first restart until after the last one, others begin and end in between.
                JobHandle running = submit(client, "halves " + go);
                await().atMost(SOON).until(() -> is(running, State.RUNNING));
                List<JobHandle> jobs = new ArrayList<>(List.of(running));
                for (int node = 1; node <= members.number(); node++) {
                    jobs.add(submit(client, "ok"));
                    members.restart(node);
                    // While it is away two of three are there: jobs go on.
                    for (int i = 0; i < 5; i++) {
                        JobHandle job = submit(client, "ok");
                        jobs.add(job);
                        var unused = job.await().get(SOON.toSeconds(), TimeUnit.SECONDS);
                    }
                    await().atMost(SOON).ignoreExceptions().until(() -> whole(members));
                }
                Files.createFile(go);

                for (JobHandle job : jobs) {
                    JobState row = job.await().get(SOON.toSeconds(), TimeUnit.SECONDS);
                    assertThat(row.getState()).isEqualTo(State.SUCCEEDED);
                    assertThat(row.getAttempt()).isEqualTo(1);
                }
                AuditReport audit = audit(local);
                assertThat(audit.lost()).isZero();
                assertThat(audit.doubled()).isZero();
                assertThat(audit.overlaps()).isZero();
                assertThat(audit.fifoBreaks()).isZero();
                assertThat(audit.afterFinal()).isZero();
                assertThat(audit.jobs()).isEqualTo(jobs.size());
                assertThat(audit.reruns()).isZero();
            }
        }
    }

    private static JobHandle submit(QuarryClient client, String script) {
        return client.submit(client.job()
                .custom(DyingHandler.KIND, "text/plain", script.getBytes(StandardCharsets.UTF_8))
                .build());
    }

    private static boolean is(JobHandle job, State state) {
        return job.state().map(JobState::getState).equals(Optional.of(state));
    }

    /** Whether all brokers are there and every partition has all its replicas in sync. */
    private static boolean whole(Members members) throws ExecutionException, InterruptedException {
        Map<String, Object> settings = Map.of(
                "bootstrap.servers",
                members.bootstrapServers(),
                "default.api.timeout.ms",
                "5000",
                "request.timeout.ms",
                "4000");
        try (Admin admin = Admin.create(settings)) {
            return admin.describeCluster().nodes().get().size() == members.number()
                    && admin.describeTopics(admin.listTopics().names().get()).allTopicNames().get().values().stream()
                            .flatMap(topic -> topic.partitions().stream())
                            .allMatch(partition -> partition.isr().size() == members.number());
        } catch (KafkaException e) {
            return false;
        }
    }

    private AuditReport audit(LocalMode local) throws Exception {
        return Auditor.audit(
                new AuditSettings(
                        Map.of(
                                "bootstrap.servers",
                                local.bootstrapServers(),
                                "schema.registry.url",
                                local.registryUrl()),
                        Topics.withDefaultPrefix(),
                        true,
                        Duration.ofMinutes(10),
                        30,
                        2,
                        Optional.empty(),
                        Files.createDirectory(temporary.resolve("audit")),
                        128L << 20),
                what -> {});
    }
}
