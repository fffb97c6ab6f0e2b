package io.quarry.local.cli;

import io.quarry.local.FileTree;
import io.quarry.local.LogFile;
import io.quarry.local.chaos.RecoveryBench;
import io.quarry.local.chaos.RecoveryBench.Seconds;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.kafka.common.errors.InterruptException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures how soon the job of a dead worker runs elsewhere. */
@Command(
        name = "recovery",
        mixinStandardHelpOptions = true,
        description = {
            "Kills, pauses and cuts off a worker in the middle of a job, in an installation of its own, and measures the time"
                    + " until another worker has claimed the job: with a lease of 2 s and with the standard one of 30 s.",
            "A killed worker is started again half a second later; nobody reports the other deaths. Takes about two"
                    + " minutes a round."
        },
        footerHeading = "%nExample:%n",
        footer = "  quarry bench recovery%n  quarry bench recovery --rounds 3 -o json")
final class BenchRecoveryCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private Output output;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "1",
            description = "Measurements of each kind (default: ${DEFAULT-VALUE}).")
    private int rounds;

    BenchRecoveryCommand(Console console) {
        this.console = console;
    }

    // The log is closed and never spoken to.
    @SuppressWarnings("try")
    @Override
    public Integer call() throws Exception {
        if (rounds < 1 || rounds > 1000) {
            throw CommandFailure.badUsage("--rounds is " + rounds + ": must be from 1 to 1000");
        }
        Path directory = Files.createTempDirectory("quarry-bench-recovery");
        Interruption interruption = Interruption.ofThisThread(Duration.ofMinutes(1));
        try (AutoCloseable log = LogFile.open(directory.resolve("bench.log"))) {
            Map<String, Map<String, Seconds>> measured =
                    RecoveryBench.run(directory, console.clock(), rounds, console::say);
            Map<String, Object> tree = new LinkedHashMap<>();
            measured.forEach((timing, kinds) -> {
                Map<String, Object> ofTiming = new LinkedHashMap<>();
                kinds.forEach((kind, seconds) -> ofTiming.put(kind.replace('-', '_'), Output.tree(seconds)));
                tree.put(timing, ofTiming);
            });
            output.print(console, tree, () -> lines(measured));
            return ExitCodes.DONE;
        } catch (InterruptedException | InterruptException e) {
            console.say("quarry: stopped");
            return ExitCodes.FAILED;
        } finally {
            Thread.interrupted();
            FileTree.delete(directory);
            interruption.close();
        }
    }

    private static List<String> lines(Map<String, Map<String, Seconds>> measured) {
        TextTable table = new TextTable("TIMING", "DEATH", "MIN", "MEDIAN", "MAX");
        measured.forEach((timing, kinds) -> kinds.forEach((kind, seconds) ->
                table.row(timing, kind, seconds.min() + " s", seconds.median() + " s", seconds.max() + " s")));
        return new ArrayList<>(table.lines(200));
    }
}
