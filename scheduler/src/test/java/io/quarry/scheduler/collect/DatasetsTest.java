package io.quarry.scheduler.collect;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.JobState;
import io.quarry.avro.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetsTest {
    @TempDir
    private Path root;

    private final Tally tally = new Tally();
    private Datasets datasets;
    private Removal removal;

    @BeforeEach
    void open() {
        datasets = new Datasets(root);
        removal = new Removal(datasets, tally);
    }

    private Path claim(String job, String name, boolean whole) throws IOException {
        Path directory = Files.createDirectories(root.resolve(job).resolve(name));
        Files.writeString(Files.createDirectories(directory.resolve("deep")).resolve("part"), "rows");
        if (whole) {
            Files.writeString(directory.resolve("manifest.json"), "{}");
        }
        return directory;
    }

    private List<String> left() throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(Files::isRegularFile)
                    .map(file -> root.relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }

    @Test
    void thePointerIsWrittenOnceAndLeadsToAWholeDataset() throws Exception {
        claim("job", "2-b", true);
        claim("job", "1-a", true);
        JobState row = RowsOfJobs.succeeded("job", 2, "b", "daily", RowsOfJobs.NOON);

        removal.collect(row);
        FileTime written = Files.getLastModifiedTime(root.resolve("job/dataset.json"));
        removal.collect(row);

        assertThat(left())
                .containsExactly("@named/daily.json", "job/2-b/deep/part", "job/2-b/manifest.json", "job/dataset.json");
        assertThat(Files.readString(root.resolve("job/dataset.json")))
                .contains("\"directory\" : \"2-b\"")
                .contains("\"manifest\" : \"2-b/manifest.json\"")
                .contains("\"job\" : \"job\"");
        assertThat(Files.getLastModifiedTime(root.resolve("job/dataset.json"))).isEqualTo(written);
        assertThat(tally.getPointersWritten()).isEqualTo(1);
        assertThat(tally.getDirectoriesRemoved()).isEqualTo(1);
        assertThat(tally.getFailures()).isZero();
    }

    @Test
    void aJobWithoutAResultLeavesNothing() throws Exception {
        claim("job", "1-a", true);
        claim("job", "2-b", false);

        removal.collect(RowsOfJobs.row("job", State.CANCELLED).build());

        assertThat(root.resolve("job")).doesNotExist();
    }

    @Test
    void aNameLeadsToItsLatestDatasetWhateverTheOrder() throws Exception {
        claim("old", "1-a", true);
        claim("new", "1-b", true);
        JobState old = RowsOfJobs.succeeded("old", 1, "a", "daily", RowsOfJobs.NOON);
        JobState young = RowsOfJobs.succeeded("new", 1, "b", "daily", RowsOfJobs.NOON.plusSeconds(1));

        removal.collect(young);
        removal.collect(old);

        assertThat(Files.readString(root.resolve("@named/daily.json"))).contains("\"job\" : \"new\"");
    }

    @Test
    void aDatasetThatIsNotThereIsNotPointedTo() throws Exception {
        claim("job", "1-a", false);

        removal.collect(RowsOfJobs.succeeded("job", 1, "a", "daily", RowsOfJobs.NOON));

        assertThat(left()).containsExactly("job/1-a/deep/part");
    }

    @Test
    void aBrokenPointerIsWrittenAnew() throws Exception {
        claim("job", "1-a", true);
        Files.writeString(root.resolve("job/dataset.json"), "{\"job\": ");

        removal.collect(RowsOfJobs.succeeded("job", 1, "a", null, RowsOfJobs.NOON));

        assertThat(Files.readString(root.resolve("job/dataset.json"))).contains("\"claim\" : \"a\"");
    }

    @Test
    void aLinkIsNotFollowed() throws Exception {
        Path elsewhere = Files.createDirectories(root.resolve("precious"));
        Files.writeString(elsewhere.resolve("file"), "keep me");
        Files.createDirectories(root.resolve("job"));
        Files.createSymbolicLink(root.resolve("job/1-a"), elsewhere);
        Path claim = claim("job", "2-b", false);
        Files.createSymbolicLink(claim.resolve("link"), elsewhere);

        removal.collect(RowsOfJobs.row("job", State.FAILED).build());

        assertThat(elsewhere.resolve("file")).hasContent("keep me");
        assertThat(claim).doesNotExist();
    }

    @Test
    void severalAtOnceDoNoHarmAndOneOfThemDoesIt() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try {
            for (int round = 0; round < 8; round++) {
                String job = "job-" + round;
                claim(job, "1-a", true);
                claim(job, "2-b", true);
                JobState row = RowsOfJobs.succeeded(job, 2, "b", "daily", RowsOfJobs.NOON.plusSeconds(round));
                List<Future<?>> all = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    all.add(pool.submit(() -> removal.collect(row)));
                }
                for (Future<?> one : all) {
                    one.get(30, TimeUnit.SECONDS);
                }
                assertThat(datasets.ofJob(job)).isEqualTo(Set.of("2-b"));
                assertThat(root.resolve(job).resolve("dataset.json")).exists();
            }
        } finally {
            pool.shutdownNow();
        }
        assertThat(tally.getFailures()).isZero();
        assertThat(Files.readString(root.resolve("@named/daily.json"))).contains("job-7");
        assertThat(left()).noneMatch(file -> file.contains("/."));
    }

    @Test
    void whatHasNoRowGoesOnlyWhenItIsOldAndUnfinished() throws Exception {
        Instant now = Instant.parse("2026-06-01T00:00:00Z");
        old(claim("job", "1-a", false), now.minusSeconds(100));
        old(claim("job", "2-b", true), now.minusSeconds(100));
        old(claim("job", "3-c", false), now.minusSeconds(10));

        removal.collectOrphan("job", now.minusSeconds(50));

        assertThat(datasets.ofJob("job"))
                .as("a whole one may be the published one")
                .isEqualTo(Set.of("2-b", "3-c"));
        assertThat(tally.getOrphansRemoved()).isEqualTo(1);
    }

    private static void old(Path directory, Instant time) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.toList()) {
                Files.setLastModifiedTime(path, FileTime.from(time));
            }
        }
    }
}
