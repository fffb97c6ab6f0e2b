package io.quarry.local.cli;

import io.quarry.avro.JobState;
import io.quarry.avro.State;
import io.quarry.client.NamePattern;
import io.quarry.client.QuarryClient;
import io.quarry.schemas.States;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Cancels jobs: by id, or all that a filter matches. */
@Command(
        name = "cancel",
        mixinStandardHelpOptions = true,
        description = {
            "Asks for jobs to be cancelled: those whose ids are given, or all that the filter matches and that are not over.",
            "A job that is over stays as it is, and the command says so: that is no error, since the job does not run any more."
                    + " The job's last state says whether the cancel was in time. Who asked and why stands in its history."
        },
        footerHeading = "%nExample:%n",
        footer = {
            "  quarry cancel nightly-42 --reason 'wrong catalog'%n  quarry wait nightly-42",
            "  quarry cancel --group default --state QUEUED --tag team=growth --dry-run",
            "  quarry cancel --name 'nightly*' --reason 'wrong catalog' --yes"
        })
final class CancelCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Option(names = "--reason", paramLabel = "TEXT", defaultValue = "", description = "Why, for the job's history.")
    private String reason = "";

    @Option(
            names = "--by",
            paramLabel = "WHO",
            description = "Who asks, for the job's history (default: the user's name).")
    private @Nullable String by;

    @Option(
            names = "--state",
            paramLabel = "STATE",
            description = "Only jobs in this state; may be repeated: QUEUED, LAUNCHING, RUNNING or RETRYING.")
    private List<State> states = new ArrayList<>();

    @Option(names = "--group", paramLabel = "GROUP", description = "Only jobs of this resource group.")
    private @Nullable String group;

    @Option(names = "--name", paramLabel = "NAME", description = "Only jobs of this name; * stands for any characters.")
    private @Nullable String name;

    @Option(
            names = "--tag",
            paramLabel = "KEY=VALUE",
            description = "Only jobs with this label; may be repeated, then with all of them.")
    private Map<String, String> tags = new LinkedHashMap<>();

    @Option(names = "--yes", description = "With a filter: asks for no confirmation.")
    private boolean yes;

    @Option(names = "--dry-run", description = "Says which jobs would be cancelled, and cancels none.")
    private boolean dryRun;

    @Parameters(arity = "0..*", paramLabel = "ID", description = "Ids of jobs, instead of a filter.")
    private List<String> ids = new ArrayList<>();

    CancelCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        boolean filter = !states.isEmpty() || group != null || name != null || !tags.isEmpty();
        if (ids.isEmpty() != filter) {
            throw CommandFailure.badUsage(
                    filter
                            ? "ids and a filter do not go together: name one of them"
                            : "nothing is asked for: name the ids of jobs, or a filter such as --group default");
        }
        states.stream().filter(States::isFinal).findFirst().ifPresent(over -> {
            throw CommandFailure.badUsage("--state is " + over + ": a job in it is over and cannot be cancelled");
        });
        Connection to = connection.find(console);
        List<JobState> rows;
        try (JobRows all = JobRows.open(to, console.clock(), connection.reach())) {
            rows = filter ? matching(all) : named(all);
        }
        List<JobState> live =
                rows.stream().filter(row -> !States.isFinal(row.getState())).toList();
        boolean ask = !dryRun && !live.isEmpty() && (!filter || yes || confirmed(live));
        if (ask) {
            ask(live);
        }
        if (ids.size() == 1) {
            one(rows.get(0), ask);
        } else {
            several(rows, live, ask);
        }
        return ExitCodes.DONE;
    }

    private List<JobState> matching(JobRows all) {
        Set<State> wanted = states.isEmpty() ? EnumSet.allOf(State.class) : EnumSet.copyOf(states);
        NamePattern pattern = name == null ? null : new NamePattern(name);
        return all.all().stream()
                .filter(row -> !States.isFinal(row.getState()) && wanted.contains(row.getState()))
                .filter(row -> group == null || group.equals(row.getJob().getResourceGroup()))
                .filter(row -> pattern == null || pattern.matches(row.getJob().getName()))
                .filter(row -> row.getJob().getTags().entrySet().containsAll(tags.entrySet()))
                .toList();
    }

    private List<JobState> named(JobRows all) {
        return new LinkedHashSet<>(ids)
                .stream().map(id -> JobCommand.expected(all, id, console)).toList();
    }

    private boolean confirmed(List<JobState> live) throws IOException {
        if (!console.errTerminal()) {
            throw CommandFailure.badUsage(
                    count(live) + " would be cancelled: confirm with --yes, or look with --dry-run");
        }
        return Confirmation.given(console, "Cancel " + count(live) + "?");
    }

    private void ask(List<JobState> live) {
        String who = by != null ? by : console.variable("USER").orElse("cli");
        try (QuarryClient client = connection.client(console)) {
            live.forEach(row -> client.handle(row.getJob().getId()).cancel(who, reason));
        }
    }

    private void one(JobState row, boolean asked) {
        String id = row.getJob().getId();
        output.print(
                console,
                tree(row, asked),
                () -> List.of(
                        States.isFinal(row.getState())
                                ? id + " is already " + row.getState() + ": there is nothing to cancel"
                                : asked
                                        ? "cancel of " + id + " is asked for; 'quarry wait " + id + "' waits for it"
                                        : id + " is " + row.getState() + " and would be cancelled"));
    }

    private void several(List<JobState> rows, List<JobState> live, boolean asked) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("dry_run", dryRun);
        tree.put("cancel_requested", asked ? live.size() : 0);
        tree.put("jobs", rows.stream().map(row -> tree(row, asked)).toList());
        output.print(console, tree, () -> {
            List<String> lines =
                    new ArrayList<>(rows.isEmpty() ? List.of() : JobText.table(rows, console.tableWidth()));
            lines.add(
                    asked
                            ? "cancel of " + count(live) + " is asked for"
                            : live.isEmpty()
                                    ? "there is nothing to cancel"
                                    : dryRun ? count(live) + " would be cancelled" : "nothing was cancelled");
            return lines;
        });
    }

    private static Map<String, Object> tree(JobState row, boolean asked) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("id", row.getJob().getId());
        tree.put("cancel_requested", asked && !States.isFinal(row.getState()));
        tree.put("state", row.getState().name());
        return tree;
    }

    private static String count(List<JobState> rows) {
        return Text.count(rows.size(), "job");
    }
}
