package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.Manifest;
import io.quarry.avro.Progress;
import io.quarry.avro.State;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputTest {
    @TempDir
    private Path directory;

    @Test
    void numbersStandToTheRightAndTextToTheLeft() {
        TextTable table = new TextTable("NAME", "ROWS").row("a", 5).row("longer", "1,000");

        assertThat(table.lines(80)).containsExactly("NAME     ROWS", "a           5", "longer  1,000");
    }

    @Test
    void columnsThatDoNotFitAreNamedInstead() {
        TextTable table = new TextTable("A", "B", "C").row("x".repeat(8), "y".repeat(8), "z".repeat(8));

        assertThat(table.lines(20)).containsExactly("A         B", "xxxxxxxx  yyyyyyyy", "(1 more column: C)");
    }

    @Test
    void inAPipeNeitherColumnsNorCellsAreCut() {
        String text = "x".repeat(500);
        TextTable table = new TextTable("A", "B").row(text, text);

        assertThat(table.lines(TextTable.UNBOUNDED).get(1)).isEqualTo(text + "  " + text);
        assertThat(table.lines(100).get(1)).contains("…");
        assertThat(console(false).tableWidth()).isEqualTo(TextTable.UNBOUNDED);
        assertThat(console(true).tableWidth()).isEqualTo(100);
    }

    private Console console(boolean terminal) {
        return CommandRun.console(
                directory, Map.of(), "", new ByteArrayOutputStream(), new ByteArrayOutputStream(), terminal);
    }

    @Test
    void theLastLineOfProgressSaysWhatWasReachedAndNotHowFarItWasLast() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Console console = CommandRun.console(directory, Map.of(), "", new ByteArrayOutputStream(), err, false);

        try (ProgressView view = new ProgressView(console)) {
            view.show(JobState.newBuilder(row(State.SUCCEEDED, progress(0.92)))
                    .setFinishedAt(Instant.parse("2026-11-24T12:00:08Z"))
                    .setManifest(Manifest.newBuilder()
                            .setLocation("file:///d")
                            .setRows(1_000_000)
                            .setBytes(1)
                            .build())
                    .build());
        }

        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("j: succeeded  1,000,000 rows  8.00 s\n");
    }

    @Test
    void oneIsNotWrittenAsMany() {
        assertThat(Text.count(1, "row")).isEqualTo("1 row");
        assertThat(Text.count(0, "row")).isEqualTo("0 rows");
        assertThat(Text.count(1_000, "row")).isEqualTo("1,000 rows");
    }

    @Test
    void yamlKeepsTextThatLooksLikeANumber() {
        assertThat(Output.yaml(Map.of("id", "007"))).isEqualTo("id: \"007\"\n");
    }

    @Test
    void recordsAreShownUnderTheirAvroNamesWithoutNulls() {
        assertThat(AvroTree.of(row(State.RUNNING, progress(0.5))))
                .containsEntry("state", "RUNNING")
                .containsEntry("submitted_at", "2026-11-24T12:00:00Z")
                .doesNotContainKey("manifest");
    }

    @Test
    void progressIsABarOnATerminal() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Console console = CommandRun.console(directory, Map.of(), "", new ByteArrayOutputStream(), err, true);

        try (ProgressView view = new ProgressView(console)) {
            view.show(row(State.RUNNING, progress(0.5)));
        }

        assertThat(err.toString(StandardCharsets.UTF_8))
                .contains("[############------------] running  query  50%  10 rows")
                .doesNotContain("\n")
                .endsWith("\r\u001b[K");
    }

    @Test
    void aShareIsABarOnATerminalAndNowAndThenALineElsewhere() {
        ByteArrayOutputStream terminal = new ByteArrayOutputStream();
        Console shown = CommandRun.console(directory, Map.of(), "", new ByteArrayOutputStream(), terminal, true);
        try (ProgressView view = new ProgressView(shown)) {
            view.share("filling", 0.25);
        }
        assertThat(terminal.toString(StandardCharsets.UTF_8)).contains("[######------------------] filling: 25%");

        ByteArrayOutputStream file = new ByteArrayOutputStream();
        Console plain = CommandRun.console(directory, Map.of(), "", new ByteArrayOutputStream(), file, false);
        try (ProgressView view = new ProgressView(plain)) {
            view.share("filling", 0.25);
            view.share("filling", 0.26);
        }
        assertThat(file.toString(StandardCharsets.UTF_8)).isEqualTo("filling: 25%\n");
    }

    @Test
    void progressIsALineForEachPhaseElsewhere() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Console console = CommandRun.console(directory, Map.of(), "", new ByteArrayOutputStream(), err, false);

        try (ProgressView view = new ProgressView(console)) {
            view.show(row(State.QUEUED, null));
            view.show(row(State.QUEUED, null));
            view.show(row(State.RUNNING, progress(0.5)));
            view.show(row(State.RUNNING, progress(0.6)));
        }

        assertThat(err.toString(StandardCharsets.UTF_8).lines())
                .hasSize(2)
                .first()
                .asString()
                .startsWith("j: queued");
        assertThat(err.toString(StandardCharsets.UTF_8)).doesNotContain("\r").doesNotContain("\u001b");
    }

    @Test
    void aPreviewShowsValuesNullsAndTypes() throws SQLException {
        write(
                "part-0.parquet",
                "SELECT 1::BIGINT AS id, 'it''s' AS name, NULL::DOUBLE AS delay, TIMESTAMPTZ '2001-01-01 00:00:00Z' AS at");

        DatasetPreview preview = DatasetPreview.read(directory, List.of("part-0.parquet"), 5);

        assertThat(preview.types()).containsExactly("BIGINT", "VARCHAR", "DOUBLE", "TIMESTAMP WITH TIME ZONE");
        assertThat(preview.lines(100).get(1))
                .contains("1")
                .contains("it's")
                .contains("NULL")
                .contains("2001-01-01 00:00:00+00");
        assertThat(preview.tree().get(0)).containsEntry("id", 1L).containsEntry("delay", null);
    }

    @Test
    void aPreviewReadsNothingOutsideTheDataset() throws Exception {
        write("secret.parquet", "SELECT 1 AS secret");
        Path dataset = Files.createDirectory(directory.resolve("dataset"));

        assertThat(DatasetPreview.read(dataset, List.of("../secret.parquet"), 5).columns())
                .isEmpty();
    }

    @Test
    void aDatasetCanBeShownAndCopiedWithoutABroker() throws Exception {
        Path dataset = Files.createDirectory(directory.resolve("dataset"));
        write("dataset/part-0.parquet", "SELECT range AS id FROM range(100)");
        Files.writeString(dataset.resolve("manifest.json"), "{}");
        String[] arguments = {
            "dataset",
            dataset.toString(),
            "--rows",
            "3",
            "--download",
            directory.resolve("copy").toString()
        };

        CommandRun shown = CommandRun.of(directory, Map.of(), "", arguments);

        assertThat(shown.code()).isZero();
        assertThat(shown.out()).contains("id").contains("BIGINT");
        assertThat(directory.resolve("copy/part-0.parquet")).hasSameBinaryContentAs(dataset.resolve("part-0.parquet"));
        assertThat(directory.resolve("copy/manifest.json")).exists();
        assertThat(CommandRun.of(directory, Map.of(), "", arguments).code())
                .as("a second copy over the first")
                .isEqualTo(2);
    }

    @Test
    void aRegistryThatIsAwayIsSaidInWordsAndNotLoggedBeside() throws Exception {
        LoggerContext context = new LoggerContext();
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        configurator.doConfigure(Path.of("src/main/resources/logback.xml").toFile());

        assertThat(context.getLogger("io.quarry.client.StateReader").isWarnEnabled())
                .isFalse();
        assertThat(context.getLogger("org.apache.kafka.clients.consumer.internals.CompletedFetch")
                        .isErrorEnabled())
                .isFalse();
        assertThat(context.getLogger("io.quarry.client.QuarryClient").isWarnEnabled())
                .isTrue();
        context.stop();
    }

    @Test
    void whatOthersWroteMovesNoCursorAndSetsNoColour() {
        TextTable table = new TextTable("NAME").row("\u001b[2Jred\u009b31m\r\nnext");
        Map<String, String> facts = Map.of("name", "\u001b[31mred\u0007\nnext");

        assertThat(table.lines(100).get(1)).isEqualTo("\ufffd[2Jred\ufffd31m next");
        assertThat(JobText.facts(facts)).containsExactly("name  \ufffd[31mred\ufffd\nnext");
    }

    @Test
    void aPlaceThatADatasetCannotBeCopiedToIsNamedAndNothingIsLeftThere() throws Exception {
        Path dataset = dataset();
        Path file = Files.writeString(directory.resolve("file"), "mine");
        Path link = Files.createSymbolicLink(directory.resolve("link"), directory.resolve("nowhere"));
        for (Path place : List.of(file, link)) {
            CommandRun run = dataset(dataset, "--download", place.toString());
            assertThat(run.code()).isEqualTo(2);
            assertThat(run.err()).contains("--download is " + place + ": it has to be a new or empty directory");
        }
        assertThat(file).hasContent("mine");

        CommandRun below = dataset(dataset, "--download", file.resolve("copy").toString());

        assertThat(below.code()).isEqualTo(1);
        assertThat(below.err())
                .contains("the dataset cannot be copied to " + file.resolve("copy"))
                .doesNotContain("QUARRY_DEBUG");
    }

    @Test
    void aDatasetOfWhichAFileIsMissingIsNeitherShownNorCopied() throws Exception {
        Path dataset = dataset();
        Files.delete(dataset.resolve("part-1.parquet"));
        Path copy = directory.resolve("copy");

        CommandRun run = dataset(dataset, "--download", copy.toString());

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains("is not whole: its file part-1.parquet is missing");
        assertThat(copy).doesNotExist();
    }

    @Test
    void whatIsNoDatasetAndNoNumberOfRowsIsRefused() throws Exception {
        Path dataset = dataset();

        CommandRun rows = dataset(dataset, "--rows", "-1");
        CommandRun none = dataset(directory);
        Files.writeString(dataset.resolve("manifest.json"), "{");
        CommandRun torn = dataset(dataset);

        assertThat(rows.code()).isEqualTo(2);
        assertThat(rows.err()).contains("--rows is -1: must be at least 0");
        assertThat(none.code()).isEqualTo(2);
        assertThat(none.err()).contains("there is no dataset in " + directory);
        assertThat(torn.code()).isEqualTo(1);
        assertThat(torn.err()).contains("is no manifest of a dataset");
    }

    @Test
    void aNumberThatNothingCanBeShownOfIsRefusedBeforeAnythingIsStarted() {
        CommandRun jobs = CommandRun.of(directory, Map.of(), "", "jobs", "--limit", "-1");
        CommandRun demo = CommandRun.of(directory, Map.of(), "", "demo", "--rows", "0");

        assertThat(jobs.code()).isEqualTo(2);
        assertThat(jobs.err()).contains("--limit is -1: must be at least 1");
        assertThat(demo.code()).isEqualTo(2);
        assertThat(demo.err()).contains("--rows is 0: must be at least 1").doesNotContain("starting");
    }

    /** A dataset of two parts. */
    private Path dataset() throws Exception {
        Path dataset = Files.createDirectory(directory.resolve("dataset"));
        write("dataset/part-0.parquet", "SELECT range AS id FROM range(100)");
        write("dataset/part-1.parquet", "SELECT range AS id FROM range(100)");
        Files.writeString(
                dataset.resolve("manifest.json"),
                "{\"files\": [{\"name\": \"part-0.parquet\"}, {\"name\": \"part-1.parquet\"}]}");
        return dataset;
    }

    private CommandRun dataset(Path dataset, String... options) {
        List<String> arguments = new ArrayList<>(List.of("dataset", dataset.toString()));
        arguments.addAll(List.of(options));
        return CommandRun.of(directory, Map.of(), "", arguments.toArray(String[]::new));
    }

    private void write(String name, String select) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = connection.createStatement()) {
            statement.execute("COPY (" + select + ") TO '" + directory.resolve(name) + "' (FORMAT parquet)");
        }
    }

    private static Progress progress(double fraction) {
        return Progress.newBuilder()
                .setPhase("query")
                .setFraction(fraction)
                .setRows(10)
                .build();
    }

    private static JobState row(State state, @Nullable Progress progress) {
        return JobState.newBuilder()
                .setJob(Job.newBuilder().setId("j").build())
                .setState(state)
                .setSubmittedAt(Instant.parse("2026-11-24T12:00:00Z"))
                .setProgress(progress)
                .build();
    }
}
