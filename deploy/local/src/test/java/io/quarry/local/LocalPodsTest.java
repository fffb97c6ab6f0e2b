package io.quarry.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.Source;
import io.quarry.scheduler.launch.Launch;
import io.quarry.scheduler.launch.PodPlatform;
import io.quarry.worker.DeathReports;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalPodsTest {
    private static final long GI = 1L << 30;

    @TempDir
    private Path temporary;

    /** A launched process that says what it was given. */
    static final class Told {
        private Told() {}

        public static void main(String[] args) throws IOException {
            Properties settings = new Properties();
            try (Reader file = Files.newBufferedReader(Path.of(args[0]))) {
                settings.load(file);
            }
            System.out.println("variable " + System.getenv("OF_THE_GROUP"));
            settings.forEach((name, value) -> System.out.println(name + " " + value));
        }
    }

    @Test
    void aLaunchedJobHasWhatItsGroupsWorkersHaveAndTheSizeThatItAskedFor() throws Exception {
        ResourceGroup group = ResourceGroup.newBuilder()
                .setName("large-jobs")
                .setWorker(new Resources(1000L, GI, GI))
                .setEnvironment(Map.of("OF_THE_GROUP", "its own"))
                .setEngineMemoryShare(0.5)
                .setLeaseMs(20_000L)
                .build();
        Launch.Key key = new Launch.Key("a-job", 1);
        LocalSettings settings = LocalSettings.of(
                temporary, Map.of("worker.heap.bytes", Long.toString(64L << 20)), new Machine(16 * GI, 2));
        try (DataDirectory data = DataDirectory.open(temporary.resolve("data"));
                DeathReports reports = new DeathReports(Map.of(), "the test", InstantSource.system())) {
            LocalPods pods = new LocalPods(
                    settings,
                    data,
                    Map.of("tick.interval.ms", "500", "lease.ticks", "30"),
                    Told.class.getName(),
                    reports,
                    InstantSource.system());

            assertThat(pods.start(new Launch(
                            key,
                            group,
                            new Resources(1000L, 2 * GI, GI),
                            new Source("jobs.oversize", 7L),
                            Duration.ZERO)))
                    .isEqualTo(new PodPlatform.Answer.Made(true));

            await().atMost(Duration.ofMinutes(1))
                    .until(() -> pods.pods().stream().allMatch(pod -> pod.phase() == PodPlatform.Phase.ENDED));
            assertThat(data.logs().resolve(key.name() + ".log"))
                    .content()
                    .contains(
                            "variable its own",
                            "engine.memory.share 0.5",
                            "lease.ticks 40",
                            "worker.memory.bytes " + 2 * GI,
                            "resource.group large-jobs");
            pods.close();
        }
    }
}
