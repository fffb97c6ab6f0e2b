package io.quarry.local.cli;

import io.quarry.avro.Backfill;
import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleEventType;
import io.quarry.avro.ScheduleState;
import io.quarry.client.QuarryClient;
import io.quarry.schemas.schedule.TickIds;
import io.quarry.schemas.schedule.Ticks;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs a range of ticks beside the live schedule. */
@Command(
        name = "backfill",
        mixinStandardHelpOptions = true,
        description = {
            "Runs the ticks of a range as jobs in their order, so many at a time, beside the live schedule. Says how"
                    + " many there are and does nothing until --yes.",
            "The scheduler does it: this command may end, and --id with the same name shows the progress again."
        },
        footerHeading = "%nExample:%n",
        footer = {
            "  quarry schedules backfill daily --from 2001-02-01 --to 2001-03-01",
            "  quarry schedules backfill daily --from 2001-02-01 --to 2001-03-01 --concurrency 2 --yes --wait",
            "  quarry schedules backfill daily --id b-1f4c --cancel"
        })
final class SchedulesBackfillCommand implements Callable<Integer> {
    private static final int MOST = 100_000;

    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Option(names = "--from", paramLabel = "TIME", description = "First instant of the range.")
    private @Nullable String from;

    @Option(names = "--to", paramLabel = "TIME", description = "First instant behind it; not in the future.")
    private @Nullable String to;

    @Option(
            names = "--concurrency",
            defaultValue = "1",
            paramLabel = "N",
            description = "Most jobs at a time, 1 to 100 (default: ${DEFAULT-VALUE}).")
    private int concurrency;

    @Option(
            names = "--group",
            paramLabel = "GROUP",
            description = "Resource group of its jobs (default: the schedule's).")
    private @Nullable String group;

    @Option(names = "--id", paramLabel = "ID", description = "Name of the backfill (default: a fresh one).")
    private @Nullable String id;

    @Option(names = "--cancel", description = "Cancels the backfill that --id names, its running jobs too.")
    private boolean cancel;

    @Option(names = "--yes", description = "Begins; without it this is a dry run.")
    private boolean yes;

    @Option(names = "--wait", description = "Waits for its end and shows the progress.")
    private boolean wait;

    @Parameters(paramLabel = "NAME", description = "Name of the schedule.")
    private String name;

    SchedulesBackfillCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws InterruptedException {
        if (id != null && !TickIds.validBackfill(id)) {
            throw CommandFailure.badUsage("--id is '" + id + "': must have 1 to 40 characters of a-z 0-9 and -");
        }
        try (ScheduleTopics topics = ScheduleTopics.open(connection, console)) {
            Schedule schedule = SchedulesCommand.named(topics, name);
            if (cancel) {
                return cancel(topics);
            }
            if (from == null && id != null) {
                return show(topics, id, false);
            }
            return begin(topics, schedule);
        }
    }

    private int begin(ScheduleTopics topics, Schedule schedule) throws InterruptedException {
        Backfill asked = asked();
        Ticks ticks = Ticks.of(schedule);
        int total = ticks.count(asked.getFrom(), asked.getTo(), MOST + 1);
        if (total == 0 || total > MOST) {
            throw CommandFailure.badUsage(
                    total == 0
                            ? "there is no tick of " + name + " from " + asked.getFrom() + " to " + asked.getTo()
                            : "there are more than " + Text.count(MOST) + " ticks in that range: take it in parts");
        }
        if (group != null) {
            try (QuarryClient client = connection.client(console)) {
                GroupsCommand.named(client.groups(), group);
            }
        }
        find(topics, asked.getId()).ifPresent(known -> {
            throw CommandFailure.badUsage("schedule " + name + " has a backfill " + known.getId() + " already, from "
                    + known.getFrom() + " to " + known.getTo() + ": give this one another --id, or leave out --from"
                    + " and --to to see how far that one is");
        });
        if (yes) {
            topics.event(SchedulesCommand.event(ScheduleEventType.BACKFILL, name, console)
                    .setBackfill(asked)
                    .build());
            if (wait) {
                return show(topics, asked.getId(), true);
            }
        }
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("backfill", asked.getId());
        tree.put("schedule", name);
        tree.put("begun", yes);
        tree.put("ticks", total);
        List<String> first = new ArrayList<>();
        Instant tick = ticks.next(asked.getFrom().minusMillis(1));
        while (tick != null && tick.isBefore(asked.getTo()) && first.size() < 5) {
            first.add(tick.toString());
            tick = ticks.next(tick);
        }
        tree.put("first", first);
        output.print(
                console,
                tree,
                () -> List.of(
                        asked.getId() + ": " + Text.count(total, "tick") + ", the first: " + String.join(", ", first),
                        yes ? "begun" : "dry run: nothing was begun; --yes begins"));
        return ExitCodes.DONE;
    }

    private Backfill asked() {
        if (from == null || to == null) {
            throw CommandFailure.badUsage("--from and --to are needed: the range of a backfill");
        }
        Instant now = console.clock().instant();
        Instant begin = Moments.parse("--from", from, now);
        Instant end = Moments.parse("--to", to, now);
        if (!begin.isBefore(end) || end.isAfter(now)) {
            throw CommandFailure.badUsage("the range from " + begin + " to " + end
                    + " must not be empty, nor reach into the" + " future, which is the schedule's own");
        }
        if (concurrency < 1 || concurrency > 100) {
            throw CommandFailure.badUsage("--concurrency is " + concurrency + ": it has to be from 1 to 100");
        }
        return Backfill.newBuilder()
                .setId(id == null ? "b-" + UUID.randomUUID().toString().substring(0, 8) : id)
                .setFrom(begin)
                .setTo(end)
                .setConcurrency(concurrency)
                .setResourceGroup(group)
                .build();
    }

    private int cancel(ScheduleTopics topics) {
        if (id == null) {
            throw CommandFailure.badUsage("--cancel needs --id: which backfill?");
        }
        Backfill known = find(topics, id)
                .orElseThrow(() -> CommandFailure.badUsage("schedule " + name + " has no backfill " + id));
        topics.event(SchedulesCommand.event(ScheduleEventType.CANCEL_BACKFILL, name, console)
                .setBackfill(known)
                .build());
        output.print(
                console,
                Map.of("backfill", id, "cancel_requested", true),
                () -> List.of("cancel of " + id + " is asked for"));
        return ExitCodes.DONE;
    }

    private Optional<Backfill> find(ScheduleTopics topics, String wanted) {
        ScheduleState state = topics.state(name);
        return state == null
                ? Optional.empty()
                : state.getBackfills().stream()
                        .filter(backfill -> backfill.getId().equals(wanted))
                        .findFirst();
    }

    private int show(ScheduleTopics topics, String wanted, boolean begun) throws InterruptedException {
        String said = "";
        Instant until = console.clock().instant().plusSeconds(10);
        while (true) {
            Optional<Backfill> found = find(topics, wanted);
            if (found.isEmpty() && begun && console.clock().instant().isAfter(until)) {
                throw CommandFailure.failed(
                        "backfill " + wanted
                                + " is asked for, and no scheduler has taken it up for 10 s: is one running?"
                                + " It begins when one does",
                        new IllegalStateException("no scheduler"));
            }
            if (found.isEmpty() && console.clock().instant().isAfter(until)) {
                throw CommandFailure.badUsage("schedule " + name + " has no backfill " + wanted);
            }
            if (found.isPresent()) {
                Backfill backfill = found.get();
                if (!wait || backfill.getEndedAt() != null) {
                    output.print(console, AvroTree.of(backfill), () -> List.of(SchedulesShowCommand.line(backfill)));
                    return good(backfill) ? ExitCodes.DONE : ExitCodes.FAILED;
                }
                String line = SchedulesShowCommand.line(backfill);
                if (!line.equals(said)) {
                    console.say(line);
                    said = line;
                }
            }
            TimeUnit.MILLISECONDS.sleep(500);
        }
    }

    private static boolean good(Backfill backfill) {
        return backfill.getFailed() == 0 && backfill.getCancelledJobs() == 0 && !backfill.getCancelled();
    }
}
