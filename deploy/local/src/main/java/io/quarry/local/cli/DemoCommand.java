package io.quarry.local.cli;

import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.Manifest;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.State;
import io.quarry.client.QuarryClient;
import io.quarry.local.FileTree;
import io.quarry.local.LocalMode;
import io.quarry.local.LocalSettings;
import io.quarry.local.StartListener.Phase;
import io.quarry.schemas.JobIds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs a real query from start to finish. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description = {
            "Starts everything on this machine, runs a query over 3,000,000 real flights and shows what comes of it.",
            "Only the dataset is kept, below ~/.quarry/demo, of the last " + DemoRuns.KEPT + " runs;",
            "with --data also the jobs, for 'quarry local --data'."
        },
        footerHeading = "%nExample:%n",
        footer = "  quarry demo%n  quarry demo --rows 20000 -o json")
final class DemoCommand implements Callable<Integer> {
    private static final Duration STOP = Duration.ofSeconds(60);

    private final Console console;

    @Mixin
    private LocalOptions options;

    @Mixin
    private Output output;

    @Option(names = "--rows", paramLabel = "N", description = "Most rows to ask for (default: all, 1,000,000).")
    private @Nullable Long rows;

    @Option(names = "--data", paramLabel = "DIR", description = "Data directory to use and to keep.")
    private @Nullable Path data;

    @Option(
            names = "--query",
            paramLabel = "FILE",
            description = "Another query or job (default: deploy/demo/query.yaml).")
    private @Nullable Path query;

    DemoCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws JobFileException {
        if (rows != null && rows < 1) {
            throw CommandFailure.badUsage("--rows is " + rows + ": must be at least 1");
        }
        Path file = query != null
                ? query
                : console.checkout().resolve("deploy").resolve("demo").resolve("query.yaml");
        Job job = job(SubmittedFile.read(file.toString(), console));
        DemoRuns runs = DemoRuns.below(console.home());
        Path place = data != null
                ? data.toAbsolutePath().normalize()
                : runs.next(console.clock().instant());
        LocalSettings settings = options.settings(console, place, Map.of());
        // Ctrl-C may come at any time from here on: whatever was begun is ended, then the process.
        try (Interruption interruption = Interruption.ofThisThread(STOP)) {
            boolean published = false;
            try {
                DemoReport report = run(settings, job, interruption);
                published = report.dataset() != null;
                output.print(console, report.tree(), () -> report.lines(console));
                return ExitCodes.of(report.row().getState());
            } catch (RuntimeException | Error e) {
                // An error as well: a class that is loaded while the process ends may refuse to be.
                if (!interruption.asked()) {
                    throw e;
                }
                // Set by the hook; removing has to be able to wait.
                Thread.interrupted();
                console.say("stopped");
                return ExitCodes.INTERRUPTED;
            } finally {
                if (data == null) {
                    tidy(place, published);
                    prune(runs);
                }
            }
        }
    }

    private void prune(DemoRuns runs) {
        try {
            int removed = runs.prune().size();
            if (removed > 0) {
                console.say("removed " + removed + " older demo run" + (removed == 1 ? "" : "s") + ": the newest "
                        + DemoRuns.KEPT + " are kept");
            }
        } catch (IOException e) {
            console.say("older demo runs cannot be removed: " + e);
        }
    }

    private DemoReport run(LocalSettings settings, Job job, Interruption interruption) {
        Instant began = console.clock().instant();
        try (ProgressView view = new ProgressView(console)) {
            LocalStart start = new LocalStart(view, interruption);
            LocalMode local = LocalMode.start(settings, start);
            try {
                double ready = seconds(began, console.clock().instant());
                Connection to = new Connection(local.settings(), "the demo's own broker");
                interruption.check();
                JobState row = finished(local, to, job, view, interruption);
                Instant seen = console.clock().instant();
                Manifest manifest = row.getManifest();
                Path dataset = row.getState() == State.SUCCEEDED && manifest != null
                        ? DatasetCommand.directory(manifest)
                        : null;
                DatasetPreview preview = dataset == null || manifest == null
                        ? new DatasetPreview(List.of(), List.of(), List.of())
                        : DatasetCommand.preview(dataset, manifest.getFiles(), 5);
                view.clear();
                return new DemoReport(
                        row,
                        seconds(began, seen),
                        DemoReport.phases(row, start.secondsUntil(Phase.BROKER), ready, seen),
                        dataset,
                        preview);
            } finally {
                // Set when Ctrl-C is the reason; closing has to be able to wait.
                Thread.interrupted();
                view.waiting("stopping");
                local.close();
            }
        }
    }

    private JobState finished(LocalMode local, Connection to, Job job, ProgressView view, Interruption interruption) {
        view.waiting("submitting");
        try (QuarryClient client = QuarryClient.connect(to.settings())) {
            client.submit(job);
        }
        Instant[] lastRun = {console.clock().instant()};
        try (JobRows states = JobRows.open(to, console.clock(), Duration.ofSeconds(30))) {
            return states.follow(
                            job.getId(),
                            row -> {
                                view.show(row);
                                if (row.getState() == State.RUNNING) {
                                    lastRun[0] = console.clock().instant();
                                }
                            },
                            Optional.empty(),
                            () -> {
                                interruption.check();
                                refuseHopeless(local, lastRun[0]);
                            })
                    .orElseThrow(() -> JobCommand.noJob(job.getId()));
        }
    }

    private void refuseHopeless(LocalMode local, Instant lastRun) {
        if (local.ended().isCompletedExceptionally()) {
            local.ended().join();
        }
        DemoWatch.hopeless(
                        local.workers(),
                        Duration.between(lastRun, console.clock().instant()))
                .ifPresent(why -> {
                    throw CommandFailure.failed(
                            why.text()
                                    + (why.worker().isEmpty()
                                            ? ""
                                            : ". The end of its log:\n" + local.logTail(why.worker())),
                            new IllegalStateException(why.text()));
                });
    }

    private Job job(Job read) {
        Job.Builder builder = Job.newBuilder(read);
        if (read.getId().isEmpty()) {
            builder.setId(new JobIds(console.clock(), new SecureRandom()).next().toString());
        }
        OfflineQuery offline = read.getOfflineQuery();
        if (rows != null && offline != null) {
            builder.setOfflineQuery(
                    OfflineQuery.newBuilder(offline).setMaxRows(rows).build());
        }
        return builder.build();
    }

    private static double seconds(Instant from, Instant to) {
        return Duration.between(from, to).toMillis() / 1000.0;
    }

    /** Removes all of the data directory but the datasets, and those too when nothing was published. */
    private static void tidy(Path place, boolean published) {
        try {
            if (!Files.isDirectory(place)) {
                return;
            }
            if (!published) {
                FileTree.delete(place);
                return;
            }
            try (Stream<Path> entries = Files.list(place)) {
                for (Path entry : entries.toList()) {
                    if (!entry.endsWith("datasets")) {
                        FileTree.delete(entry);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the demo's files in " + place + " cannot be removed", e);
        }
    }
}
