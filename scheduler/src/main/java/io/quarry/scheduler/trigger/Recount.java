package io.quarry.scheduler.trigger;

import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleState;
import io.quarry.avro.ScheduleTick;
import io.quarry.avro.TickOutcome;
import io.quarry.schemas.schedule.Ticks;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Counts the ticks that a schedule should have had against the rows that the ledger has: pure, and from the rule alone, without
 * timers, stores or anything else that the schedules themselves go by.
 */
public final class Recount {
    private Recount() {}

    /** What is wrong about a tick. */
    public enum Kind {
        /** The schedule says that it is decided, and it has no row. */
        MISSING,
        /** It was decided more than once. */
        DOUBLED,
        /** The ledger has a row, and the rule no such tick. */
        UNEXPECTED,
        /** Its time is long over, and no scheduler has decided it. */
        BEHIND
    }

    /**
     * Something that is wrong about a tick.
     *
     * @param detail one sentence
     */
    public record Finding(Kind kind, String schedule, Instant tick, String detail) {}

    /**
     * Counts one schedule.
     *
     * @param rows its rows, in the order of their writing
     * @param from first instant that is looked at: what was before may have been removed from the ledger
     * @param behind how late a tick may be decided
     * @return findings, at most {@code most}; how many ticks were looked at is {@link #expected}
     */
    public static List<Finding> of(
            Schedule schedule,
            ScheduleState state,
            Collection<ScheduleTick> rows,
            Instant from,
            Instant now,
            Duration behind,
            int most) {
        List<Finding> findings = new ArrayList<>();
        Map<Instant, Integer> decided = decisions(rows);
        Ticks ticks = Ticks.of(schedule);
        Instant begin = begin(state, from);
        Instant tick = ticks.next(begin);
        while (tick != null && !tick.isAfter(state.getCursor()) && findings.size() < most) {
            Integer times = decided.remove(tick);
            if (times == null) {
                findings.add(new Finding(Kind.MISSING, schedule.getName(), tick, "decided, and without a row"));
            } else if (times > 1) {
                findings.add(new Finding(Kind.DOUBLED, schedule.getName(), tick, "decided " + times + " times"));
            }
            tick = ticks.next(tick);
        }
        Instant late = now.minus(behind).minus(Jitter.of(schedule));
        if (tick != null && tick.isAfter(state.getCursor()) && tick.isBefore(late) && findings.size() < most) {
            findings.add(new Finding(
                    Kind.BEHIND,
                    schedule.getName(),
                    tick,
                    "undecided for " + Duration.between(tick, now).toSeconds() + " s, and with it all that follow"));
        }
        for (Instant other : decided.keySet()) {
            if (other.isAfter(begin) && !other.isAfter(state.getCursor()) && findings.size() < most) {
                findings.add(new Finding(Kind.UNEXPECTED, schedule.getName(), other, "the rule has no such tick"));
            }
        }
        return findings;
    }

    /** How many ticks of a schedule are to have a row. */
    public static int expected(Schedule schedule, ScheduleState state, Instant from) {
        return Ticks.of(schedule)
                .count(begin(state, from).plusMillis(1), state.getCursor().plusMillis(1), Integer.MAX_VALUE);
    }

    private static Instant begin(ScheduleState state, Instant from) {
        return state.getSince().isAfter(from) ? state.getSince() : from;
    }

    /** How often each tick of the rule was decided; to wait is no decision yet, unless nothing follows. */
    private static Map<Instant, Integer> decisions(Collection<ScheduleTick> rows) {
        Map<Instant, Integer> decided = new TreeMap<>();
        for (ScheduleTick row : rows) {
            boolean own = row.getBackfill() == null
                    && row.getOutcome() != TickOutcome.MANUAL
                    && (row.getJobId() == null || row.getJobId().equals(row.getSchedule() + ":" + row.getTick()));
            if (own && row.getState() == null) {
                decided.merge(row.getTick(), row.getOutcome() == TickOutcome.WAITING ? 0 : 1, Integer::sum);
            }
        }
        return decided;
    }
}
