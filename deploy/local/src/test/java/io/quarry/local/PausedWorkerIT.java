package io.quarry.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarry.avro.CauseType;
import io.quarry.avro.JobState;
import io.quarry.avro.Owner;
import io.quarry.avro.State;
import io.quarry.client.JobHandle;
import io.quarry.client.QuarryClient;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker that is stopped for longer than its lease and then goes on as if nothing had happened. */
@Tag("long")
class PausedWorkerIT {
    private static final Duration SOON = Duration.ofMinutes(2);

    @TempDir
    private Path temporary;

    @Test
    void aPausedWorkerWakesAfterItsSuccessor() throws Exception {
        Map<String, String> given = new TreeMap<>();
        given.put("workers", "2");
        given.put("worker.memory.bytes", Long.toString(512L << 20));
        given.put("worker.heartbeat.ms", "300");
        // 6 s: with 2 s a machine that is short of processors takes the job from its first worker before the test does.
        given.put("lease.ticks", "60");
        given.put("tick.interval.ms", "100");
        LocalSettings settings = LocalSettings.of(temporary.resolve("data"), given, new Machine(4L << 30, 2));
        try (LocalMode local = LocalMode.start(settings);
                QuarryClient client = QuarryClient.connect(Map.of(
                        "bootstrap.servers", local.bootstrapServers(), "schema.registry.url", local.registryUrl()))) {
            Path go = temporary.resolve("go");
            // Writes its result in two halves: the first attempt waits in between for the file.
            JobHandle job = client.submit(client.job()
                    .custom(DyingHandler.KIND, "text/plain", ("halves " + go).getBytes(StandardCharsets.UTF_8))
                    .build());
            Owner paused = owner(job);
            await().atMost(SOON).until(() -> !datasets(local).isEmpty());
            long pid = local.workers().stream()
                    .filter(w -> w.name().equals(paused.getWorker()))
                    .findFirst()
                    .orElseThrow()
                    .pid()
                    .orElseThrow();
            signal("STOP", pid);
            JobState published;
            Map<String, String> visible;
            try {
                published = job.await().get(SOON.toSeconds(), TimeUnit.SECONDS);
                assertThat(published.getState()).isEqualTo(State.SUCCEEDED);
                assertThat(published.getAttempt()).isEqualTo(2);
                assertThat(published.getOwner().getWorker()).isNotEqualTo(paused.getWorker());
                assertThat(published.getHistory())
                        .anySatisfy(line -> assertThat(line.getCause())
                                .isNotNull()
                                .satisfies(cause -> assertThat(cause.getType()).isEqualTo(CauseType.WORKER_SILENT)));
                visible = checksums(published);
                assertThat(visible).hasSize(2);
                // What the paused one waits for is there when it wakes: it goes on at once.
                Files.createFile(go);
            } finally {
                signal("CONT", pid);
            }

            // It has come to its end when it takes the next job: the other one is kept busy.
            JobHandle busy = client.submit(client.job()
                    .custom(DyingHandler.KIND, "text/plain", "hang".getBytes(StandardCharsets.UTF_8))
                    .build());
            Owner first = owner(busy);
            JobHandle next = client.submit(client.job()
                    .custom(DyingHandler.KIND, "text/plain", "ok".getBytes(StandardCharsets.UTF_8))
                    .build());
            JobState after = next.await().get(SOON.toSeconds(), TimeUnit.SECONDS);
            assertThat(Stream.of(first.getWorker(), after.getOwner().getWorker()))
                    .contains(paused.getWorker());
            assertThat(checksums(published)).isEqualTo(visible);
            assertThat(job.state()).hasValueSatisfying(row -> {
                assertThat(row.getManifest()).isEqualTo(published.getManifest());
                assertThat(row.getOwner()).isEqualTo(published.getOwner());
            });
            assertThat(datasets(local)).containsAll(visible.keySet());
            busy.cancel("the test", "done");
        }
    }

    private static Owner owner(JobHandle job) {
        return Objects.requireNonNull(await().atMost(SOON)
                .until(job::state, row -> row.map(JobState::getState).equals(Optional.of(State.RUNNING)))
                .orElseThrow()
                .getOwner());
    }

    private static Map<String, String> checksums(JobState row) throws Exception {
        Map<String, String> sums = new TreeMap<>();
        Path location = Path.of(URI.create(row.getManifest().getLocation()));
        try (Stream<Path> files = Files.list(location)) {
            for (Path file : files.toList()) {
                byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
                sums.put(file.toString(), HexFormat.of().formatHex(digest));
            }
        }
        return sums;
    }

    private static List<String> datasets(LocalMode local) throws IOException {
        try (Stream<Path> files = Files.walk(local.datasets())) {
            return files.filter(Files::isRegularFile)
                    .map(Path::toString)
                    .sorted()
                    .toList();
        }
    }

    private static void signal(String name, long pid) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(pid))
                        .start()
                        .waitFor())
                .isZero();
    }
}
