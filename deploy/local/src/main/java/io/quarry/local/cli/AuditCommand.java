package io.quarry.local.cli;

import io.quarry.local.FileTree;
import io.quarry.local.audit.AuditReport;
import io.quarry.local.audit.AuditSettings;
import io.quarry.local.audit.Auditor;
import io.quarry.local.audit.Finding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Proves from the topics that no job was lost, doubled or left unexplained. */
@Command(
        name = "audit",
        mixinStandardHelpOptions = true,
        description = {
            "Reads the topics from the beginning, with code that shares nothing with the scheduler but the schemas, and tells"
                    + " which promises are broken.",
            "It changes nothing and may run beside everything else. A job that is under way counts as open; with --final,"
                    + " when all work is done, as lost. Exit code 1 when anything is found."
        },
        footerHeading = "%nExample:%n",
        footer = "  quarry audit%n  quarry audit --final -o json")
final class AuditCommand implements Callable<Integer> {
    private static final long MIB = 1L << 20;

    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Option(names = "--final", description = "All work is done: a job without a final state is lost.")
    private boolean complete;

    @Option(
            names = "--quiet-after",
            paramLabel = "DURATION",
            defaultValue = "10m",
            description = "The log is quiet when nothing but ticks came for so long (default: ${DEFAULT-VALUE}).")
    private String quietAfter = "10m";

    @Option(
            names = "--lease-ticks",
            paramLabel = "N",
            defaultValue = "30",
            description = "Ticks of a lease, as lease.ticks of the scheduler (default: ${DEFAULT-VALUE}).")
    private int leaseTicks;

    @Option(
            names = "--workers",
            paramLabel = "N",
            description = "Workers of a group: a start may be overtaken by one fewer (default: as many as claimed).")
    private @Nullable Integer workers;

    @Option(names = "--datasets", paramLabel = "DIR", description = "Another directory with datasets to look through.")
    private @Nullable Path datasets;

    @Option(
            names = "--memory",
            paramLabel = "MIB",
            defaultValue = "256",
            description = "Memory of the joins before they go to disk (default: ${DEFAULT-VALUE}).")
    private int memory;

    AuditCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        if (leaseTicks < 2) {
            throw CommandFailure.badUsage("--lease-ticks is " + leaseTicks + ": must be at least 2");
        }
        if (workers != null && workers < 1) {
            throw CommandFailure.badUsage("--workers is " + workers + ": must be at least 1");
        }
        if (memory < 64) {
            throw CommandFailure.badUsage("--memory is " + memory + ": must be at least 64 MiB");
        }
        Duration quiet = Durations.option("--quiet-after", quietAfter);
        Connection to = connection.find(console);
        Path scratch = Files.createTempDirectory("quarry-audit");
        Interruption interruption = Interruption.ofThisThread(Duration.ofSeconds(10));
        try (ProgressView view = new ProgressView(console)) {
            AuditReport report = Auditor.audit(
                    new AuditSettings(
                            to.settings(),
                            to.topics(),
                            complete,
                            quiet,
                            leaseTicks,
                            workers == null ? 0 : workers,
                            Optional.ofNullable(datasets),
                            scratch,
                            memory * MIB),
                    what -> view.waiting("reading " + what));
            view.clear();
            output.print(console, tree(report), () -> lines(report));
            return report.clean() ? ExitCodes.DONE : ExitCodes.FAILED;
        } catch (InterruptException e) {
            console.say("quarry: stopped");
            return ExitCodes.FAILED;
        } finally {
            FileTree.delete(scratch);
            interruption.close();
        }
    }

    static Map<String, Object> tree(AuditReport report) {
        Map<String, Object> tree = new LinkedHashMap<>(Output.tree(report));
        tree.put("clean", report.clean());
        return tree;
    }

    static List<String> lines(AuditReport report) {
        TextTable table = new TextTable("WHAT", "COUNT");
        Map<String, Object> counts = new LinkedHashMap<>(Output.tree(report));
        counts.remove("findings");
        counts.forEach((name, value) -> table.row(name.replace('_', ' '), String.valueOf(value)));
        List<String> lines = new ArrayList<>(table.lines(200));
        lines.add("");
        if (report.clean()) {
            lines.add("clean: every promise that was looked at is kept");
        }
        for (Finding finding : report.findings()) {
            lines.add(finding.kind() + "  " + finding.job() + "  " + finding.detail());
        }
        return lines;
    }
}
