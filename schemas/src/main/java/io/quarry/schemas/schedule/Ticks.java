package io.quarry.schemas.schedule;

import io.quarry.avro.Schedule;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The expected ticks of a schedule, from its rule alone: whatever became of them. Immutable. */
public final class Ticks {
    /** Distance of two ticks of an interval, at least. */
    public static final long LEAST_EVERY_MS = 1000;
    /** Distance of two ticks of an interval, at most: a hundred years. */
    public static final long MOST_EVERY_MS = Duration.ofDays(36_525).toMillis();
    /** First instant that may be named. */
    public static final Instant EARLIEST = Instant.parse("0001-01-01T00:00:00Z");
    /** Last instant that may be named: the id of a tick has four digits for its year. */
    public static final Instant LATEST = Instant.parse("9999-12-31T23:59:59Z");

    private static final Duration FARTHEST = Duration.ofDays(500 * 366L);

    private final Rule rule;
    private final ZoneId zone;
    private final @Nullable Instant start;
    private final @Nullable Instant end;

    /** The first instant of a rule strictly after one; empty when there is none. */
    private interface Rule {
        Optional<Firing> next(Instant after);
    }

    private Ticks(Rule rule, ZoneId zone, @Nullable Instant start, @Nullable Instant end) {
        this.rule = rule;
        this.zone = zone;
        this.start = start;
        this.end = end;
    }

    /**
     * The ticks of a schedule.
     *
     * @throws IllegalArgumentException when its rule cannot be followed
     */
    public static Ticks of(Schedule schedule) {
        ZoneId zone = Zones.parse(schedule.getZone());
        return new Ticks(rule(schedule, zone), zone, schedule.getStart(), schedule.getEnd());
    }

    /** What all that a schedule's ticks follow from has in common with no other: equal fingerprints, equal ticks. */
    public static String fingerprint(Schedule schedule) {
        String rule = String.join(
                "\n",
                String.valueOf(schedule.getCron()),
                String.valueOf(schedule.getEveryMs()),
                schedule.getTimes().toString(),
                schedule.getZone(),
                String.valueOf(schedule.getStart()),
                String.valueOf(schedule.getEnd()));
        return UUID.nameUUIDFromBytes(rule.getBytes(StandardCharsets.UTF_8)).toString();
    }

    /** Whether an instant is one that ticks can be counted from: with others, sums of instants and durations end somewhere. */
    public static boolean counts(Instant at) {
        return !at.isBefore(EARLIEST) && !at.isAfter(LATEST);
    }

    private static Rule rule(Schedule schedule, ZoneId zone) {
        if (schedule.getCron() != null) {
            Cron cron = Cron.parse(schedule.getCron());
            return after -> cron.next(after, zone);
        }
        if (schedule.getEveryMs() != null) {
            long every = schedule.getEveryMs();
            if (every < LEAST_EVERY_MS) {
                throw new IllegalArgumentException("an interval of " + every + " ms is below " + LEAST_EVERY_MS);
            }
            long anchor = schedule.getStart() == null ? 0 : schedule.getStart().toEpochMilli();
            return after -> {
                long turns = Math.floorDiv(after.toEpochMilli() - anchor, every) + 1;
                return Optional.of(new Firing(Instant.ofEpochMilli(anchor + turns * every), ""));
            };
        }
        List<Instant> times = List.copyOf(schedule.getTimes());
        return after ->
                times.stream().filter(time -> time.isAfter(after)).findFirst().map(time -> new Firing(time, ""));
    }

    public ZoneId zone() {
        return zone;
    }

    /** The first tick strictly after an instant, with what a change of the clock does to it; empty when there is none. */
    public Optional<Firing> firing(Instant after) {
        Instant from = start != null && after.isBefore(start) ? start.minusMillis(1) : after;
        return rule.next(from).filter(next -> end == null || next.at().isBefore(end));
    }

    /** The first tick strictly after an instant; null when there is none. */
    public @Nullable Instant next(Instant after) {
        return firing(after).map(Firing::at).orElse(null);
    }

    /** The last ticks after one instant and not after another, at most so many, in their order. Costs about as much as they are. */
    public List<Instant> last(int most, Instant after, Instant until) {
        Duration span = Duration.ofSeconds(1);
        while (true) {
            Instant from = until.minus(span);
            boolean all = !from.isAfter(after);
            Deque<Instant> found = new ArrayDeque<>();
            Instant at = next(all ? after : from);
            while (at != null && !at.isAfter(until)) {
                if (found.size() == most) {
                    found.removeFirst();
                }
                found.addLast(at);
                at = next(at);
            }
            if (all || found.size() == most) {
                return List.copyOf(found);
            }
            span = span.multipliedBy(2);
        }
    }

    /** The last tick strictly before an instant by the rule alone, start or no start; the instant itself when there is none. */
    public Instant previous(Instant before) {
        for (Duration span = Duration.ofSeconds(1); span.compareTo(FARTHEST) < 0; span = span.multipliedBy(2)) {
            Instant found = null;
            Optional<Firing> next = rule.next(before.minus(span).minusMillis(1));
            while (next.isPresent() && next.get().at().isBefore(before)) {
                found = next.get().at();
                next = rule.next(found);
            }
            if (found != null) {
                return found;
            }
        }
        return before;
    }

    /** How many ticks lie from one instant on and before another; counts no further than {@code most}. */
    public int count(Instant from, Instant to, int most) {
        int count = 0;
        Instant at = next(from.minusMillis(1));
        while (at != null && at.isBefore(to) && count < most) {
            count++;
            at = next(at);
        }
        return count;
    }
}
