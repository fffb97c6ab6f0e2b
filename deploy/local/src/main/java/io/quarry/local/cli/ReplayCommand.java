package io.quarry.local.cli;

import io.quarry.avro.State;
import io.quarry.client.QuarryClient;
import io.quarry.client.Replay;
import io.quarry.client.ReplayReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
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
            "Resetting the offsets of the workers' share group replays nothing: the workers would get the old records again,"
                    + " but a job that is done stays done, and every claim of its id is turned away. A replay makes new"
                    + " jobs instead."
        },
        footerHeading = "%nExample:%n",
        footer = {
            "  quarry replay --group default --from 2026-11-24T06:00:00Z --to 2026-11-24T07:00:00Z --dry-run",
            "  quarry replay --group default --from 6h --state FAILED --into big --rate 5/s",
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
            description = "Only jobs that are in this state now; may be repeated. One of: ${COMPLETION-CANDIDATES}.")
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

    @Option(names = "--dry-run", description = "Reads and counts, and appends nothing.")
    private boolean dryRun;

    ReplayCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        Replay replay = asked();
        ReplayReport[] last = new ReplayReport[1];
        ReplayReport report;
        try (QuarryClient client = connection.client(console);
                Interruption interruption = Interruption.ofThisThread(TIDY);
                ReplayView view = new ReplayView(console)) {
            report = client.replay(replay, soFar -> {
                last[0] = soFar;
                view.show(soFar);
                if (interruption.asked()) {
                    Thread.currentThread().interrupt();
                }
            });
            // What comes has to be able to wait.
            boolean unused = Thread.interrupted();
            view.clear();
            output.print(console, tree(report), () -> lines(report));
            if (!report.complete()) {
                console.say((interruption.asked() ? "interrupted: " : "") + goOn(report));
            }
        } catch (IllegalArgumentException refused) {
            throw CommandFailure.badUsage(String.valueOf(refused.getMessage()));
        } catch (RuntimeException failed) {
            if (last[0] != null) {
                console.say(goOn(last[0]));
            }
            throw failed;
        }
        return report.complete() ? ExitCodes.DONE : ExitCodes.FAILED;
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

    private static Map<String, Object> tree(ReplayReport report) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("replay_id", report.replayId());
        tree.put("topic", report.topic());
        tree.put("from_offset", report.fromOffset());
        tree.put("to_offset", report.toOffset());
        tree.put("next_offset", report.nextOffset());
        tree.put("read", report.read());
        tree.put("appended", report.dryRun() ? 0 : report.appended());
        if (report.dryRun()) {
            tree.put("would_append", report.appended());
        }
        Map<String, Object> skipped = new LinkedHashMap<>();
        for (ReplayReport.Skip reason : ReplayReport.Skip.values()) {
            skipped.put(word(reason), report.skipped().get(reason));
        }
        tree.put("skipped", skipped);
        tree.put("dry_run", report.dryRun());
        tree.put("complete", report.complete());
        return tree;
    }

    private static String word(ReplayReport.Skip reason) {
        return reason.name().toLowerCase(Locale.ROOT);
    }

    private static List<String> lines(ReplayReport report) {
        Map<String, @Nullable String> facts = new LinkedHashMap<>();
        facts.put("replay", report.replayId() + (report.dryRun() ? " (dry run: nothing was appended)" : ""));
        facts.put("topic", report.topic());
        facts.put("offsets", report.fromOffset() + " to " + report.toOffset());
        facts.put("read", Text.count(report.read()));
        facts.put(report.dryRun() ? "would append" : "appended", Text.count(report.appended()));
        for (ReplayReport.Skip reason : ReplayReport.Skip.values()) {
            long count = report.skipped().getOrDefault(reason, 0L);
            if (count > 0) {
                facts.put("skipped, " + word(reason).replace('_', ' '), Text.count(count));
            }
        }
        return JobText.facts(facts);
    }

    private static String goOn(ReplayReport report) {
        return "stopped at offset " + report.nextOffset() + " of " + report.toOffset() + " after "
                + Text.count(report.appended()) + " jobs; the same command with --replay-id " + report.replayId()
                + " goes on and makes no job twice";
    }
}
