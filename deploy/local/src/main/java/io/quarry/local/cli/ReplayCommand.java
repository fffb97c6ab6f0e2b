package io.quarry.local.cli;

import io.quarry.avro.State;
import io.quarry.client.QuarryClient;
import io.quarry.client.Replay;
import io.quarry.client.ReplayReport;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Submits a range of a job topic again. */
@Command(
        name = "replay",
        mixinStandardHelpOptions = true,
        description = {
            "Appends a range of a job topic again, in the old order, beside whatever runs.",
            "Each job gets a new id, made from the old one and the replay's, and names the original in 'repeats': the same"
                    + " replay id again makes no job twice, and goes on where a replay stopped. Deadlines (start_by,"
                    + " complete_by) that are past are dropped.",
            "Without --state it takes jobs in any state, those that were cancelled, too: --dry-run says how many of each. On a"
                    + " terminal it asks first; elsewhere it goes on, since a job too many can be cancelled.",
            "Resetting the offsets of the workers' share group replays nothing: the workers would get the old records again,"
                    + " but a job that is done stays done, and every claim of its id is turned away. A replay makes new"
                    + " jobs instead."
        },
        footerHeading = "%nExample:%n",
        footer = {
            "  quarry replay --group default --from 2026-11-24T06:00:00Z --to 2026-11-24T07:00:00Z --dry-run",
            "  quarry replay --group default --from 6h --state FAILED --state EXPIRED --into big --rate 5/s --yes",
            "  quarry replay --topic quarry.jobs.default --from 1200 --to 1300 --replay-id again-1 -o json"
        })
final class ReplayCommand implements Callable<Integer> {
    private static final Duration TIDY = Duration.ofSeconds(30);

    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @ArgGroup(multiplicity = "1")
    private From source = new From();

    /** What is replayed: a topic or a group's queue. */
    static final class From {
        @Option(
                names = "--topic",
                paramLabel = "TOPIC",
                description = "Topic by its full name, such as quarry.jobs.oversize.")
        private @Nullable String topic;

        @Option(names = "--group", paramLabel = "GROUP", description = "Resource group, for its queue.")
        private @Nullable String group;
    }

    @Option(
            names = "--from",
            paramLabel = "TIME|OFFSET",
            description =
                    "First record: an offset, or the first one appended at a time (ISO 8601, a date, or 2h ago as 2h);"
                            + " default: the oldest kept.")
    private @Nullable String from;

    @Option(
            names = "--to",
            paramLabel = "TIME|OFFSET",
            description = "First record that is not replayed any more; default and at most: the end as it is now.")
    private @Nullable String to;

    @Option(names = "--kind", paramLabel = "KIND", description = "Only jobs of this kind.")
    private @Nullable String kind;

    @Option(
            names = "--tag",
            paramLabel = "KEY=VALUE",
            description = "Only jobs with this label; may be repeated, then with all of them.")
    private Map<String, String> tags = new LinkedHashMap<>();

    @Option(
            names = "--state",
            paramLabel = "STATE",
            description =
                    "Only jobs that are in this state now; may be repeated (default: jobs in any state, cancelled ones"
                            + " too). One of: ${COMPLETION-CANDIDATES}.")
    private List<State> states = new ArrayList<>();

    @Option(names = "--into", paramLabel = "GROUP", description = "Group to append to instead of each job's own.")
    private @Nullable String into;

    @Option(
            names = "--replay-id",
            paramLabel = "ID",
            description = "Name of the replay; under the same name no job is made twice (default: a fresh one).")
    private @Nullable String replayId;

    @Option(names = "--rate", paramLabel = "N/s", description = "Most jobs to append a second (default: no limit).")
    private @Nullable String rate;

    @Option(names = "--yes", description = "On a terminal: asks for no confirmation.")
    private boolean yes;

    @Option(names = "--dry-run", description = "Reads and counts, by state and by reason to skip, and appends nothing.")
    private boolean dryRun;

    ReplayCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        asked();
        try (QuarryClient client = connection.client(console)) {
            if (!dryRun && !yes && console.errTerminal()) {
                ReplayReport plan = run(client, asked().dryRun(), report -> {});
                if (plan.complete() && plan.appended() > 0 && !confirmed(plan)) {
                    output.print(console, ReplayText.tree(plan), () -> List.of("nothing was appended"));
                    return ExitCodes.DONE;
                }
                if (!plan.complete()) {
                    return ExitCodes.FAILED;
                }
            }
            ReplayReport done = run(
                    client,
                    asked(),
                    report -> output.print(console, ReplayText.tree(report), () -> ReplayText.lines(report)));
            return done.complete() ? ExitCodes.DONE : ExitCodes.FAILED;
        }
    }

    private boolean confirmed(ReplayReport plan) throws IOException {
        return Confirmation.given(
                console, "Append " + Text.count(plan.appended(), "job") + " again (" + ReplayText.states(plan) + ")?");
    }

    /**
     * Replays with progress; Ctrl-C stops it between two jobs.
     *
     * @param tell is told what came of it, before a process that was asked to end does so
     */
    private ReplayReport run(QuarryClient client, Replay replay, Consumer<ReplayReport> tell) {
        ReplayReport[] last = new ReplayReport[1];
        try (Interruption interruption = Interruption.ofThisThread(TIDY);
                ReplayView view = new ReplayView(console)) {
            ReplayReport report = client.replay(replay, soFar -> {
                last[0] = soFar;
                view.show(soFar);
                if (interruption.asked()) {
                    Thread.currentThread().interrupt();
                }
            });
            // What comes has to be able to wait.
            boolean unused = Thread.interrupted();
            view.clear();
            tell.accept(report);
            if (!report.complete()) {
                console.say((interruption.asked() ? "interrupted: " : "") + ReplayText.goOn(report));
            }
            return report;
        } catch (IllegalArgumentException refused) {
            throw CommandFailure.badUsage(String.valueOf(refused.getMessage()));
        } catch (RuntimeException failed) {
            if (last[0] != null) {
                console.say(ReplayText.goOn(last[0]));
            }
            throw failed;
        }
    }

    private Replay asked() {
        Replay replay =
                source.topic != null ? Replay.ofTopic(source.topic) : Replay.ofGroup(String.valueOf(source.group));
        if (from != null) {
            replay = isOffset(from)
                    ? replay.from(Long.parseLong(from))
                    : replay.from(Moments.parse("--from", from, console.clock().instant()));
        }
        if (to != null) {
            replay = isOffset(to)
                    ? replay.to(Long.parseLong(to))
                    : replay.to(Moments.parse("--to", to, console.clock().instant()));
        }
        if (kind != null) {
            replay = replay.ofKind(kind);
        }
        for (Map.Entry<String, String> tag : tags.entrySet()) {
            replay = replay.tagged(tag.getKey(), tag.getValue());
        }
        replay = replay.in(states.toArray(State[]::new));
        if (into != null) {
            replay = replay.into(into);
        }
        try {
            replay = replayId == null ? replay : replay.withId(replayId);
            replay = replay.atMostPerSecond(perSecond(rate));
        } catch (IllegalArgumentException refused) {
            throw CommandFailure.badUsage(String.valueOf(refused.getMessage()));
        }
        return dryRun ? replay.dryRun() : replay;
    }

    private static boolean isOffset(String text) {
        return text.matches("[0-9]{1,18}");
    }

    /** Jobs a second of {@code 5} or {@code 5/s}; 0 for null. */
    static double perSecond(@Nullable String rate) {
        if (rate == null) {
            return 0;
        }
        String number = rate.strip().replaceFirst("\\s*/\\s*s$", "");
        if (!number.matches("[0-9]{1,9}(\\.[0-9]{1,9})?") || Double.parseDouble(number) <= 0) {
            throw CommandFailure.badUsage(
                    "--rate is '" + rate + "': must be jobs a second above 0, such as 5/s or 0.5/s");
        }
        return Double.parseDouble(number);
    }
}
