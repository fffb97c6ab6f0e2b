package io.quarry.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
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
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a machine of 16 GiB whose one worker of the default group has 4 GiB. */
class LocalPodsTest {
    private static final long GI = 1L << 30;
    private static final Machine MACHINE = new Machine(16 * GI, 2);
    private static final Launch.Key KEY = new Launch.Key("a-job", 1);
    private static final ResourceGroup GROUP = ResourceGroup.newBuilder()
            .setName("large-jobs")
            .setWorker(new Resources(1000L, GI, GI))
            .setEnvironment(Map.of("OF_THE_GROUP", "its own"))
            .setEngineMemoryShare(0.5)
            .setLeaseMs(20_000L)
            .build();
    private static final Launch LAUNCH =
            new Launch(KEY, GROUP, new Resources(1000L, 2 * GI, GI), new Source("jobs.oversize", 7L), Duration.ZERO);

    @TempDir
    private Path temporary;

    private final List<Long> told = new CopyOnWriteArrayList<>();
    private LocalSettings settings;
    private DataDirectory data;
    private DeathReports reports;

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

    /** Workers that were given some memory, and are told how much launched jobs have. */
    private record Given(long givenBytes, List<Long> told) implements LocalPods.Neighbours {
        @Override
        public void launchedHave(long bytes) {
            told.add(bytes);
        }
    }

    @BeforeEach
    void open() {
        settings = LocalSettings.of(temporary, Map.of("worker.heap.bytes", Long.toString(64L << 20)), MACHINE);
        data = DataDirectory.open(temporary.resolve("data"));
        reports = new DeathReports(Map.of(), "the test", InstantSource.system());
    }

    @AfterEach
    void close() {
        reports.close();
        data.close();
    }

    private LocalPods besideWorkersOf(long bytes) {
        return new LocalPods(
                settings,
                data,
                Map.of("tick.interval.ms", "500", "lease.ticks", "30"),
                Told.class.getName(),
                reports,
                new Given(bytes, told),
                InstantSource.system());
    }

    @Test
    void aLaunchedJobHasWhatItsGroupsWorkersHaveAndTheSizeThatItAskedFor() {
        try (LocalPods pods = besideWorkersOf(4 * GI)) {
            assertThat(pods.start(LAUNCH)).isEqualTo(new PodPlatform.Answer.Made(true));

            await().atMost(Duration.ofMinutes(1)).until(() -> told.contains(0L));
            assertThat(told).startsWith(2 * GI);
            assertThat(data.logs().resolve(KEY.name() + ".log"))
                    .content()
                    .contains(
                            "variable its own",
                            "engine.memory.share 0.5",
                            "lease.ticks 40",
                            "worker.memory.bytes " + 2 * GI,
                            "resource.group large-jobs");
        }
    }

    /** Memory is not shared: given twice, it is the kernel that says whose job ends. */
    @Test
    void memoryThatWorkersOfOtherGroupsHaveIsNotGivenToALaunchedJob() {
        try (LocalPods pods = besideWorkersOf(14 * GI)) {
            assertThat(pods.start(LAUNCH))
                    .isInstanceOfSatisfying(
                            PodPlatform.Answer.NoRoom.class,
                            waits -> assertThat(waits.reason()).contains("needs 2Gi of memory", "other workers 10Gi"));
            assertThat(pods.pods()).isEmpty();
        }
    }

    @Test
    void memoryThatLaunchedJobsHaveIsNotGivenToAWorker() {
        try (Workers workers = Workers.start(
                settings, data, Map.of(), Told.class.getName(), reports, MACHINE, GROUP, 0, StartListener.silent())) {
            workers.launchedHave(15 * GI + 1);

            assertThatThrownBy(() -> workers.add(GROUP))
                    .hasMessageContaining("launched jobs 16106127361")
                    .hasMessageContaining("no room for another 1Gi");
        }
    }
}
