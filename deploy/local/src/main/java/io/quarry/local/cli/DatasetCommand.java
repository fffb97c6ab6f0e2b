package io.quarry.local.cli;

import io.quarry.avro.JobState;
import io.quarry.avro.Manifest;
import io.quarry.avro.State;
import io.quarry.schemas.JobRules;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows what a job published. */
@Command(
        name = "dataset",
        mixinStandardHelpOptions = true,
        description = {
            "Shows the dataset that a job published: path, schema and the first rows.",
            "Given a directory instead of an id it reads that dataset, and needs no broker."
        },
        footerHeading = "%nExample:%n",
        footer = "  quarry dataset nightly-42 --rows 20%n  quarry dataset nightly-42 --download ./nightly")
final class DatasetCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Option(
            names = "--rows",
            paramLabel = "N",
            defaultValue = "10",
            description = "Rows to show (default: ${DEFAULT-VALUE}).")
    private int rows;

    @Option(
            names = "--download",
            paramLabel = "DIR",
            description = "Copies the files there; the directory must be new or empty.")
    private @Nullable Path download;

    @Parameters(paramLabel = "ID|DIR", description = "Id of the job, or directory of a dataset.")
    private String id;

    DatasetCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        if (rows < 0) {
            throw CommandFailure.badUsage("--rows is " + rows + ": must be at least 0");
        }
        DatasetCopy copy = download == null ? null : DatasetCopy.to(download);
        Path place = Path.of(id);
        Map<String, Object> answer = new LinkedHashMap<>();
        Map<String, @Nullable String> facts = new LinkedHashMap<>();
        List<String> files;
        Path directory;
        if (Files.isRegularFile(place.resolve(DatasetParts.MANIFEST))) {
            directory = place.toAbsolutePath().normalize();
            files = DatasetParts.of(directory);
            facts.put("dataset", directory.toString());
        } else if (!JobRules.validId(id)) {
            throw CommandFailure.badUsage("there is no dataset in " + id + ": it has no " + DatasetParts.MANIFEST
                    + ", and no job has such an id");
        } else {
            Manifest manifest = manifest();
            directory = directory(manifest);
            files = manifest.getFiles();
            answer.put("job", id);
            if (manifest.getDatasetName() != null) {
                answer.put("dataset_name", manifest.getDatasetName());
            }
            answer.put("rows", manifest.getRows());
            answer.put("bytes", manifest.getBytes());
            facts.putAll(JobText.manifest(manifest));
        }
        if (!Files.isDirectory(directory)) {
            throw CommandFailure.failed(
                    "the files of " + id + " are not on this machine: they are in " + directory,
                    new IOException("no directory " + directory));
        }
        DatasetParts.require(directory, files);
        answer.put("path", directory.toString());
        answer.put("files", files);
        DatasetPreview preview = preview(directory, files, rows);
        answer.put("columns", columns(preview));
        answer.put("preview", preview.tree());
        if (copy != null) {
            copy.from(directory, files);
            answer.put("downloaded_to", copy.place().toString());
            facts.put("downloaded", copy.place().toString());
        }
        output.print(console, answer, () -> lines(facts, preview));
        return ExitCodes.DONE;
    }

    private Manifest manifest() {
        try (JobRows states = JobRows.open(connection.find(console), console.clock(), connection.reach())) {
            JobState row = JobCommand.expected(states, id, console);
            Manifest manifest = row.getManifest();
            if (row.getState() != State.SUCCEEDED || manifest == null) {
                String why = row.getState() == State.SUCCEEDED
                        ? "its kind, " + row.getJob().getKind() + ", makes none"
                        : "it is " + row.getState();
                throw CommandFailure.failed("job " + id + " has no dataset: " + why, new IOException(why));
            }
            return manifest;
        }
    }

    private List<String> lines(Map<String, @Nullable String> facts, DatasetPreview preview) {
        List<String> lines = new ArrayList<>(JobText.facts(facts));
        lines.add("");
        TextTable schema = new TextTable("COLUMN", "TYPE");
        for (int i = 0; i < preview.columns().size(); i++) {
            schema.row(List.of(preview.columns().get(i), preview.types().get(i)));
        }
        lines.addAll(schema.lines(console.tableWidth()));
        lines.add("");
        lines.addAll(preview.lines(console.tableWidth()));
        return lines;
    }

    /** Directory of a manifest's files. */
    static Path directory(Manifest manifest) {
        String location = manifest.getLocation();
        try {
            return location.startsWith("file:") ? Path.of(URI.create(location)) : Path.of(location);
        } catch (IllegalArgumentException e) {
            throw CommandFailure.failed("the dataset's location " + location + " is none that can be read here", e);
        }
    }

    static DatasetPreview preview(Path directory, List<String> files, int rows) {
        try {
            return DatasetPreview.read(directory, files, rows);
        } catch (SQLException e) {
            throw CommandFailure.failed("the dataset in " + directory + " cannot be read: " + e.getMessage(), e);
        }
    }

    static List<Map<String, Object>> columns(DatasetPreview preview) {
        List<Map<String, Object>> columns = new ArrayList<>();
        for (int i = 0; i < preview.columns().size(); i++) {
            Map<String, Object> column = new LinkedHashMap<>();
            column.put("name", preview.columns().get(i));
            column.put("type", preview.types().get(i));
            columns.add(column);
        }
        return columns;
    }
}
