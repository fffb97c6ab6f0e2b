package io.quarry.local.cli;

import io.quarry.avro.Job;
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
            "What is not given is what one worker of the group has. The exit code is 0 whatever the decision.",
            "With --job it is the job's own group and size, and beside it stands the memory that earlier runs of the same query"
                    + " suggest, which 'submit --size auto' would ask for."
        },
        footerHeading = "%nExample:%n",
        footer = {
            "  quarry placement -f large-jobs.yaml --cpu 40 --memory 500Gi -o json",
            "  quarry placement --group default --memory 2Gi",
            "  quarry placement --job my-job.yaml"
        })
final class PlacementCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @ArgGroup(multiplicity = "1")
    private Which which = new Which();

    /** The group: as a file has it, as the installation does, or that of a job. */
    static final class Which {
        @Option(
                names = {"-f", "--file"},
                paramLabel = "FILE",
                description = "The group as a file.")
        private @Nullable Path file;

        @Option(names = "--group", paramLabel = "GROUP", description = "A group of the installation.")
        private @Nullable String group;

        @Option(
                names = "--job",
                paramLabel = "FILE|-",
                description = "The group and the size of a job, YAML or JSON; - reads standard input.")
        private @Nullable String job;
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
        if (which.job != null) {
            return ofJob(SubmittedFile.read(which.job, console));
        }
        Resources asked = asked(null);
        ResourceGroup group = group();
        return print(answer(Placement.of(asked, group), asked, group));
    }

    private Integer ofJob(Job job) {
        Resources asked = asked(job.getResources());
        Connection to = connection.find(console);
        try (QuarryClient client = connection.client(console);
                JobRows rows = JobRows.open(to, console.clock(), connection.reach())) {
            Map<String, ResourceGroup> groups = client.groups();
            ResourceGroup group = GroupsCommand.named(groups, job.getResourceGroup());
            Map<String, Object> answer = answer(Placement.of(asked, group), asked, group);
            new LearnedSize(job, groups)
                    .readFrom(rows)
                    .suggestion(job, group)
                    .ifPresentOrElse(
                            learned -> answer.put("learned", learned(learned, asked, group)),
                            () -> console.say("learned: nothing; no earlier run of this query is known"));
            return print(answer);
        }
    }

    private Integer print(Map<String, Object> answer) {
        output.print(console, answer, () -> {
            Map<String, @Nullable String> facts = new LinkedHashMap<>();
            answer.forEach((name, value) -> facts.put(name, name.equals("nearest") ? null : words(value)));
            return JobText.facts(facts);
        });
        return ExitCodes.DONE;
    }

    /** What earlier runs suggest; nothing is changed by it. */
    private static Map<String, Object> learned(LearnedSize.Suggestion learned, Resources asked, ResourceGroup group) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("memory", Quantities.formatBytes(learned.memoryBytes()));
        tree.put("decision", decision(Placement.of(LearnedSize.with(asked, learned.memoryBytes()), group)));
        tree.put("why", learned.why());
        return tree;
    }

    private static String words(Object value) {
        return value instanceof Map<?, ?> learned
                ? "memory " + learned.get("memory") + " (" + learned.get("decision") + "), from " + learned.get("why")
                        + "; 'submit --size auto' asks for it"
                : String.valueOf(value);
    }

    private Resources asked(@Nullable Resources otherwise) {
        Resources asked = new Resources(
                amount("--cpu", cpu, Quantities::cpuMillis),
                amount("--memory", memory, Quantities::bytes),
                amount("--ephemeral-storage", ephemeralStorage, Quantities::bytes));
        return otherwise == null ? asked : filled(asked, otherwise);
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

    private static String decision(Placement placement) {
        return placement instanceof Placement.Refused
                ? "refused"
                : placement instanceof Placement.Oversize ? "oversize" : "queue";
    }

    private static Map<String, Object> answer(Placement placement, Resources asked, ResourceGroup group) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("decision", decision(placement));
        if (placement instanceof Placement.Refused refused) {
            answer.put("reason", refused.reason());
            answer.put("nearest", GroupTree.size(refused.nearest()));
        } else if (placement instanceof Placement.Oversize oversize) {
            answer.put(
                    "reason",
                    "larger than one worker of group " + group.getName() + " (" + Placement.format(group.getWorker())
                            + "): runs as a process of its own of " + Placement.format(oversize.size()));
            answer.put("nearest", GroupTree.size(oversize.size()));
        } else {
            answer.put(
                    "reason",
                    "fits one worker of group " + group.getName() + " (" + Placement.format(group.getWorker()) + ")");
            answer.put("nearest", GroupTree.size(filled(asked, group.getWorker())));
        }
        return answer;
    }

    /** What was asked for, and what is not set as another size has it. */
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
