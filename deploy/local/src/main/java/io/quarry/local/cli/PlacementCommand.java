package io.quarry.local.cli;

import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.client.QuarryClient;
import io.quarry.schemas.Placement;
import io.quarry.schemas.Quantities;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Says where a job of a size would run. */
@Command(
        name = "placement",
        mixinStandardHelpOptions = true,
        description = {
            "Says where a job of a size would run: in its group's queue, in a process of its own (oversize), or nowhere, and"
                    + " then which size would fit. With a file no broker is asked.",
            "What is not given is what one worker of the group has. The exit code is 0 whatever the decision."
        },
        footerHeading = "%nExample:%n",
        footer = {
            "  quarry placement -f large-jobs.yaml --cpu 40 --memory 500Gi -o json",
            "  quarry placement --group default --memory 2Gi"
        })
final class PlacementCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @ArgGroup(multiplicity = "1")
    private Which which = new Which();

    /** The group: as a file has it, or as the installation does. */
    static final class Which {
        @Option(
                names = {"-f", "--file"},
                paramLabel = "FILE",
                description = "The group as a file.")
        private @Nullable Path file;

        @Option(names = "--group", paramLabel = "GROUP", description = "A group of the installation.")
        private @Nullable String group;
    }

    @Option(names = "--cpu", paramLabel = "CORES", description = "Cores, such as 2 or 500m.")
    private @Nullable String cpu;

    @Option(names = "--memory", paramLabel = "BYTES", description = "Memory, such as 16Gi.")
    private @Nullable String memory;

    @Option(names = "--ephemeral-storage", paramLabel = "BYTES", description = "Scratch disk, such as 100Gi.")
    private @Nullable String ephemeralStorage;

    PlacementCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws JobFileException {
        Resources asked = new Resources(
                amount("--cpu", cpu, Quantities::cpuMillis),
                amount("--memory", memory, Quantities::bytes),
                amount("--ephemeral-storage", ephemeralStorage, Quantities::bytes));
        ResourceGroup group = group();
        Map<String, Object> answer = answer(Placement.of(asked, group), asked, group);
        output.print(console, answer, () -> {
            Map<String, @Nullable String> facts = new LinkedHashMap<>();
            answer.forEach((name, value) -> facts.put(name, name.equals("nearest") ? null : String.valueOf(value)));
            return JobText.facts(facts);
        });
        return ExitCodes.DONE;
    }

    private ResourceGroup group() throws JobFileException {
        if (which.file != null) {
            return GroupFile.parse(SubmittedFile.text(which.file.toString(), console), which.file.toString());
        }
        String name = String.valueOf(which.group);
        try (QuarryClient client = connection.client(console)) {
            return GroupsCommand.named(client.groups(), name);
        }
    }

    private static Map<String, Object> answer(Placement placement, Resources asked, ResourceGroup group) {
        Map<String, Object> answer = new LinkedHashMap<>();
        if (placement instanceof Placement.Refused refused) {
            answer.put("decision", "refused");
            answer.put("reason", refused.reason());
            answer.put("nearest", GroupTree.size(refused.nearest()));
        } else if (placement instanceof Placement.Oversize oversize) {
            answer.put("decision", "oversize");
            answer.put(
                    "reason",
                    "larger than one worker of group " + group.getName() + " (" + Placement.format(group.getWorker())
                            + "): runs as a process of its own of " + Placement.format(oversize.size()));
            answer.put("nearest", GroupTree.size(oversize.size()));
        } else {
            answer.put("decision", "queue");
            answer.put(
                    "reason",
                    "fits one worker of group " + group.getName() + " (" + Placement.format(group.getWorker()) + ")");
            answer.put("nearest", GroupTree.size(filled(asked, group.getWorker())));
        }
        return answer;
    }

    /** What was asked for, every field set. */
    private static Resources filled(Resources asked, Resources worker) {
        return new Resources(
                asked.getCpuMillis() == null ? worker.getCpuMillis() : asked.getCpuMillis(),
                asked.getMemoryBytes() == null ? worker.getMemoryBytes() : asked.getMemoryBytes(),
                asked.getEphemeralStorageBytes() == null
                        ? worker.getEphemeralStorageBytes()
                        : asked.getEphemeralStorageBytes());
    }

    static @Nullable Long amount(String option, @Nullable String text, Function<String, Long> reader) {
        try {
            return text == null ? null : reader.apply(text);
        } catch (IllegalArgumentException refused) {
            throw CommandFailure.badUsage(option + ": " + refused.getMessage());
        }
    }
}
