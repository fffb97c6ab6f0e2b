package io.quarry.local.cli;

import io.quarry.schemas.schedule.Cron;
import io.quarry.schemas.schedule.CronException;
import io.quarry.schemas.schedule.Firing;
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
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Says when a rule fires. Needs no broker. */
@Command(
        name = "next",
        mixinStandardHelpOptions = true,
        description = {
            "Says when a rule fires next, in local time and in UTC, and what a change of the clock does to it.",
            "A local time that does not exist fires once, at the first instant after the gap. One that occurs twice"
                    + " fires the first time; both times where the hour field begins with * or has a step."
        },
        footerHeading = "%nExample:%n",
        footer = {
            "  quarry schedules next --cron '30 2 * * *' --zone America/New_York --from 2026-03-07T00:00:00Z --count 3",
            "  quarry schedules next --cron '0 6 * * MON-FRI' -o json"
        })
final class SchedulesNextCommand implements Callable<Integer> {
    private static final int MOST = 100_000;
    private static final DateTimeFormatter LOCAL = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ssxxx", Locale.ROOT);

    private final Console console;

    @Mixin
    private Output output;

    @Option(
            names = "--cron",
            required = true,
            paramLabel = "EXPRESSION",
            description =
                    "5 fields (minute, hour, day of month, month, weekday), 6 with seconds first, or @daily and the"
                            + " like.")
    private String cron;

    @Option(
            names = "--zone",
            defaultValue = "UTC",
            paramLabel = "ZONE",
            description = "Time zone by its IANA name (default: ${DEFAULT-VALUE}).")
    private String zone;

    @Option(names = "--from", paramLabel = "TIME", description = "Firings strictly after this instant (default: now).")
    private @Nullable String from;

    @Option(
            names = "--count",
            defaultValue = "10",
            paramLabel = "N",
            description = "How many (default: ${DEFAULT-VALUE}).")
    private int count;

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
        ZoneId in;
        Cron rule;
        try {
            in = Zones.parse(zone);
            rule = Cron.parse(cron);
        } catch (CronException refused) {
            throw CommandFailure.badUsage(Text.message(refused) + pointer(refused));
        } catch (IllegalArgumentException refused) {
            throw CommandFailure.badUsage("--zone: " + Text.message(refused));
        }
        List<Firing> firings = new ArrayList<>();
        while (firings.size() < count) {
            Optional<Firing> next = rule.next(after, in);
            if (next.isEmpty()) {
                break;
            }
            firings.add(next.get());
            after = next.get().at();
        }
        output.print(console, firings.stream().map(firing -> tree(firing, in)).toList(), () -> table(firings, in));
        return ExitCodes.DONE;
    }

    /** Puts a mark below the character of an expression of one line. */
    private String pointer(CronException refused) {
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
