package io.quarry.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.JobState;
import io.quarry.avro.Owner;
import io.quarry.avro.State;
import io.quarry.avro.Transition;
import io.quarry.client.JobHandle;
import io.quarry.client.QuarryClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Workers that die in every way, watched by local mode. Their leases last for hours: whatever goes on here does so because a
 * death was seen and reported.
 */
@Tag("long")
class DeathsIT {
    private static final Duration SOON = Duration.ofMinutes(3);
    private static final long MEMORY = 512L << 20;

    @TempDir
    private static Path temporary;

    private static LocalMode local;
    private static QuarryClient client;

    /**
     * How an attempt is made to end.
     *
     * @param script what the handler does
     * @param times how many jobs end so
     * @param cause the class of the cause that has to be reported
     * @param evidence what its evidence has to hold
     */
    private record Way(String script, int times, CauseType cause, Map<String, String> evidence) {
        static Way of(String script, int times, CauseType cause, String... evidence) {
            Map<String, String> map = new TreeMap<>();
            for (int i = 0; i < evidence.length; i += 2) {
                map.put(evidence[i], evidence[i + 1]);
            }
            return new Way(script, times, cause, map);
        }
    }

    private static final List<Way> WAYS = List.of(
            // The process dies, and local mode says so.
            Way.of("exit 0", 1, CauseType.WORKER_KILLED, "exit_code", "0"),
            Way.of("exit 3", 1, CauseType.WORKER_KILLED, "exit_code", "3"),
            Way.of("halt 42", 1, CauseType.WORKER_KILLED, "exit_code", "42"),
            Way.of("KILL", 2, CauseType.WORKER_KILLED, "signal", "9", "signal_name", "SIGKILL", "exit_code", "137"),
            Way.of("HUP", 1, CauseType.WORKER_KILLED, "signal_name", "SIGHUP"),
            Way.of("heap", 1, CauseType.MEMORY_LIMIT, "limit_bytes", Long.toString(MEMORY)),
            Way.of("native", 1, CauseType.OOM_KILLED, "limit_bytes", Long.toString(MEMORY)),
            Way.of("abandon", 1, CauseType.MEMORY_LIMIT, "exit_code", "77", "stop_reason", "OVER_MEMORY"),
            // The worker says so, and its process ends.
            Way.of("direct", 1, CauseType.MEMORY_LIMIT, "exception", "java.lang.OutOfMemoryError"),
            Way.of("TERM", 2, CauseType.HANDED_BACK),
            // The worker says so, and goes on.
            Way.of("throw", 46, CauseType.TRANSIENT_FAILURE, "exception", "java.lang.IllegalStateException"),
            Way.of("error", 10, CauseType.TRANSIENT_FAILURE, "exception", "java.lang.StackOverflowError"),
            Way.of("disk", 20, CauseType.DISK_FULL),
            Way.of("bad", 20, CauseType.USER_ERROR, "fields", "custom.body"),
            Way.of("cause:USER_ERROR", 20, CauseType.USER_ERROR, "said", "so"),
            Way.of("cause:INVALID_INPUT", 20, CauseType.INVALID_INPUT, "said", "so"),
            Way.of("cause:DETERMINISTIC_FAILURE", 20, CauseType.DETERMINISTIC_FAILURE, "said", "so"),
            Way.of("cause:MEMORY_LIMIT", 10, CauseType.MEMORY_LIMIT, "said", "so"),
            Way.of("cause:SPILL_FULL", 10, CauseType.SPILL_FULL, "said", "so"),
            // The lifecycle says so.
            Way.of("hang", 6, CauseType.RUN_DEADLINE),
            Way.of("stuck", 1, CauseType.RUN_DEADLINE),
            Way.of("cancelled", 5, CauseType.CANCELLED, "requested_by", "the test"));

    @BeforeAll
    static void start() {
        Map<String, String> given = new TreeMap<>();
        given.put("workers", "4");
        given.put("worker.heap.bytes", Long.toString(96L << 20));
        given.put("worker.memory.bytes", Long.toString(MEMORY));
        given.put("worker.stop.grace.ms", "500");
        given.put("lease.ticks", "100000");
        given.put("tick.interval.ms", "200");
        local = LocalMode.start(LocalSettings.of(temporary.resolve("data"), given, new Machine(4L << 30, 2)));
        client = QuarryClient.connect(
                Map.of("bootstrap.servers", local.bootstrapServers(), "schema.registry.url", local.registryUrl()));
    }

    @AfterAll
    static void stop() {
        client.close();
        local.close();
    }

    @Test
    void aKillOfEachKindIsReportedAsItsCause() throws Exception {
        List<Way> attempts = new ArrayList<>();
        WAYS.forEach(way -> attempts.addAll(Collections.nCopies(way.times(), way)));
        Collections.shuffle(attempts, new Random(7));
        assertThat(attempts).hasSize(200);
        Map<JobHandle, Way> submitted = new LinkedHashMap<>();
        for (Way way : attempts) {
            submitted.put(submit(way), way);
        }
        for (Map.Entry<JobHandle, Way> job : submitted.entrySet()) {
            if (job.getValue().script().equals("cancelled")) {
                awaitRunning(job.getKey());
                job.getKey().cancel("the test", "to see");
            }
        }

        Map<String, String> wrong = new LinkedHashMap<>();
        for (Map.Entry<JobHandle, Way> job : submitted.entrySet()) {
            JobState end = job.getKey().await().get(SOON.toSeconds(), TimeUnit.SECONDS);
            Way way = job.getValue();
            Cause cause = firstCause(end);
            if (cause.getType() != way.cause()
                    || !cause.getEvidence()
                            .entrySet()
                            .containsAll(way.evidence().entrySet())) {
                wrong.put(way.script() + " " + end.getJob().getId(), cause.toString());
            }
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void theJobOfAKilledWorkerGoesOnAtOnce() throws Exception {
        JobHandle job = client.submit(client.job()
                .custom(DyingHandler.KIND, "text/plain", bytes("hang"))
                .build());
        Owner owner = awaitRunning(job);
        long pid = pid(owner.getWorker());

        assertThat(ProcessHandle.of(pid).orElseThrow().destroyForcibly()).isTrue();

        JobState end = job.await().get(SOON.toSeconds(), TimeUnit.SECONDS);
        assertThat(end.getState()).isEqualTo(State.SUCCEEDED);
        assertThat(end.getAttempt()).isEqualTo(2);
        Cause cause = firstCause(end);
        assertThat(cause.getType()).isEqualTo(CauseType.WORKER_KILLED);
        assertThat(cause.getEvidence())
                .containsEntry("signal", "9")
                .containsEntry("worker", owner.getWorker())
                .containsKeys("ran_ms", "peak_memory_bytes", "log_tail");
    }

    @Test
    void aHandlerThatDoesNotStopEndsItsProcessAndTheWorkerComesBack() throws Exception {
        JobHandle job = client.submit(client.job()
                .custom(DyingHandler.KIND, "text/plain", bytes("stuck"))
                .build());
        String worker = awaitRunning(job).getWorker();
        long pid = pid(worker);

        job.cancel("the test", "enough");

        assertThat(job.await().get(SOON.toSeconds(), TimeUnit.SECONDS).getState())
                .isEqualTo(State.CANCELLED);
        await().atMost(SOON)
                .until(() -> local.workers().stream()
                        .anyMatch(w -> w.name().equals(worker)
                                && w.pid().isPresent()
                                && w.pid().getAsLong() != pid));
        assertThat(ProcessHandle.of(pid)).isEmpty();
    }

    private static JobHandle submit(Way way) {
        boolean times = way.cause() == CauseType.RUN_DEADLINE;
        String script = way.script().equals("cancelled") ? "hang" : way.script();
        var builder = client.job()
                .custom(DyingHandler.KIND, "text/plain", bytes(script))
                .maxAttempts(1);
        return client.submit(times ? builder.timeout(Duration.ofMillis(300)).build() : builder.build());
    }

    private static Owner awaitRunning(JobHandle job) {
        return Objects.requireNonNull(await().atMost(SOON)
                .until(job::state, row -> row.map(JobState::getState).equals(Optional.of(State.RUNNING)))
                .orElseThrow()
                .getOwner());
    }

    private static long pid(String worker) {
        return local.workers().stream()
                .filter(w -> w.name().equals(worker))
                .findFirst()
                .orElseThrow()
                .pid()
                .orElseThrow();
    }

    private static Cause firstCause(JobState row) {
        return row.getHistory().stream()
                .map(Transition::getCause)
                .filter(Objects::nonNull)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no cause in the history of " + row));
    }

    private static byte[] bytes(String script) {
        return script.getBytes(StandardCharsets.UTF_8);
    }
}
