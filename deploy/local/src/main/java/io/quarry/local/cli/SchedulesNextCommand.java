package io.quarry.local.cli;

import io.quarry.schemas.schedule.Cron;
import io.quarry.schemas.schedule.CronException;
import io.quarry.schemas.schedule.Firing;
import io.quarry.schemas.schedule.Ticks;
import io.quarry.schemas.schedule.Zones;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says when a rule or a schedule fires. A rule needs no broker. */
@Command(
        name = "next",
        mixinStandardHelpOptions = true,
        description = {
            "Says when a rule fires next, in local time and in UTC, and what a change of the clock does to it: that of"
                    + " --cron, which needs no broker, or of a schedule.",
            "A local time that does not exist fires once, at the first instant after the gap. One that occurs twice"
                    + " fires the first time; both times where the hour field begins with * or has a step."
        },
        footerHeading = "%nExample:%n",
        footer = {
            "  quarry schedules next --cron '30 2 * * *' --zone America/New_York --from 2026-03-07T00:00:00Z --count 3",
            "  quarry schedules next --cron '0 6 * * MON-FRI' -o json",
            "  quarry schedules next daily --count 3"
        })
final class SchedulesNextCommand implements Callable<Integer> {
    private static final int MOST = 100_000;
    private static final DateTimeFormatter LOCAL = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ssxxx", Locale.ROOT);

    private final Console console;

    @Mixin
    private Output output;

    @Option(
            names = "--cron",
            paramLabel = "EXPRESSION",
            description =
                    "5 fields (minute, hour, day of month, month, weekday), 6 with seconds first, or @daily and the"
                            + " like.")
    private @Nullable String cron;

    @Option(names = "--zone", paramLabel = "ZONE", description = "Time zone of --cron by its IANA name (default: UTC).")
    private @Nullable String zone;

    @Option(names = "--from", paramLabel = "TIME", description = "Firings strictly after this instant (default: now).")
    private @Nullable String from;

    @Option(
            names = "--count",
            defaultValue = "10",
            paramLabel = "N",
            description = "How many (default: ${DEFAULT-VALUE}).")
    private int count;

    @Mixin
    private ConnectionOptions connection;

    @Parameters(paramLabel = "NAME", arity = "0..1", description = "A schedule, in the place of --cron.")
    private @Nullable String name;

    SchedulesNextCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        if (count < 1 || count > MOST) {
            throw CommandFailure.badUsage("--count is " + count + ": it has to be from 1 to " + MOST);
        }
        Instant now = console.clock().instant();
        Instant after = from == null ? now : Moments.parse("--from", from, now);
        Rule rule = name == null ? ofCron() : ofSchedule(name);
        List<Firing> firings = new ArrayList<>();
        while (firings.size() < count) {
            Optional<Firing> next = rule.next().apply(after);
            if (next.isEmpty()) {
                break;
            }
            firings.add(next.get());
            after = next.get().at();
        }
        output.print(
                console,
                firings.stream().map(firing -> tree(firing, rule.zone())).toList(),
                () -> table(firings, rule.zone()));
        return ExitCodes.DONE;
    }

    /** What fires, and in which zone that is shown. */
    private record Rule(ZoneId zone, Function<Instant, Optional<Firing>> next) {}

    private Rule ofCron() {
        if (cron == null) {
            throw CommandFailure.badUsage("--cron or the NAME of a schedule is needed: what is to fire?");
        }
        try {
            ZoneId in = Zones.parse(zone == null ? "UTC" : zone);
            Cron rule = Cron.parse(cron);
            return new Rule(in, instant -> rule.next(instant, in));
        } catch (CronException refused) {
            throw CommandFailure.badUsage(Text.message(refused) + pointer(cron, refused));
        } catch (IllegalArgumentException refused) {
            throw CommandFailure.badUsage("--zone: " + Text.message(refused));
        }
    }

    private Rule ofSchedule(String schedule) {
        if (cron != null || zone != null) {
            throw CommandFailure.badUsage("schedule " + schedule + " has a rule and a zone of its own: leave "
                    + (cron != null ? "--cron" : "--zone") + " out, or the name");
        }
        try (ScheduleTopics topics = ScheduleTopics.open(connection, console)) {
            Ticks ticks = Ticks.of(SchedulesCommand.named(topics, schedule));
            return new Rule(ticks.zone(), ticks::firing);
        }
    }

    /** Puts a mark below the character of an expression of one line. */
    private static String pointer(String cron, CronException refused) {
        return cron.matches("[\\x20-\\x7e]{1,200}")
                ? "\n  " + cron + "\n  " + " ".repeat(refused.character() - 1) + "^"
                : "";
    }

    static Map<String, Object> tree(Firing firing, ZoneId zone) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("utc", firing.at().toString());
        tree.put("local", LOCAL.format(firing.at().atZone(zone)));
        tree.put("note", firing.note());
        return tree;
    }

    private List<String> table(List<Firing> firings, ZoneId zone) {
        TextTable table = new TextTable("LOCAL", "UTC", "NOTE");
        firings.forEach(firing ->
                table.row(LOCAL.format(firing.at().atZone(zone)), firing.at().toString(), firing.note()));
        return table.lines(console.tableWidth());
    }
}
