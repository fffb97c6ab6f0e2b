package io.quarry.scheduler.trigger;

import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleState;
import io.quarry.avro.ScheduleTick;
import io.quarry.avro.TickOutcome;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Counts the ticks that a schedule should have had against the rows that the ledger has: pure, and from the rule alone, without
 * timers, stores or anything else that the schedules themselves go by, their reading of cron expressions included.
 */
public final class Recount {
    private final Expected expected = new Expected();

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
     * What came of a count.
     *
     * @param expected ticks that are to have a row
     */
    public record Count(long expected, List<Finding> findings) {
        public Count {
            findings = List.copyOf(findings);
        }
    }

    /**
     * Counts one schedule.
     *
     * @param rows its rows, in the order of their writing
     * @param from first instant that is looked at: what was before may have been removed from the ledger
     * @param behind how late a tick may be decided
     * @param most how many ticks without exactly one decision are told of
     */
    public Count of(
            Schedule schedule,
            ScheduleState state,
            Collection<ScheduleTick> rows,
            Instant from,
            Instant now,
            Duration behind,
            int most) {
        List<Finding> findings = new ArrayList<>();
        Map<Instant, Integer> decided = decisions(rows);
        Instant begin = begin(state, from);
        String name = schedule.getName();
        long[] count = new long[1];
        expected.each(schedule, begin, state.getCursor(), tick -> {
            count[0]++;
            Integer times = decided.remove(tick);
            if (times == null && findings.size() < most) {
                findings.add(new Finding(Kind.MISSING, name, tick, "decided, and without a row"));
            } else if (times != null && times > 1 && findings.size() < most) {
                findings.add(new Finding(Kind.DOUBLED, name, tick, "decided " + times + " times"));
            }
            return true;
        });
        findings.addAll(behind(schedule, state, now, behind));
        for (Instant other : decided.keySet()) {
            if (other.isAfter(begin) && !other.isAfter(state.getCursor()) && findings.size() < most) {
                findings.add(new Finding(Kind.UNEXPECTED, name, other, "the rule has no such tick"));
            }
        }
        return new Count(count[0], findings);
    }

    /** The ticks that a schedule should have had so far. */
    Tally expected(Schedule schedule, ScheduleState state, Instant from) {
        Tally due = none(state, from);
        expected.each(schedule, begin(state, from), state.getCursor(), tick -> {
            due.add(tick);
            return true;
        });
        return due;
    }

    /** A tally of the same span without any tick. */
    static Tally none(ScheduleState state, Instant from) {
        return new Tally(begin(state, from), state.getCursor());
    }

    /** The first tick that should have been decided and is not; none when there is no such tick. */
    List<Finding> behind(Schedule schedule, ScheduleState state, Instant now, Duration behind) {
        List<Finding> findings = new ArrayList<>();
        expected.each(schedule, state.getCursor(), now.minus(behind).minus(Jitter.of(schedule)), tick -> {
            findings.add(new Finding(
                    Kind.BEHIND,
                    schedule.getName(),
                    tick,
                    "undecided for " + Duration.between(tick, now).toSeconds() + " s, and with it all that follow"));
            return false;
        });
        return findings;
    }

    /** Whether a row says of a tick of the rule what became of it: not of one that was asked for, nor how its job ended. */
    static boolean decides(ScheduleTick row) {
        return row.getBackfill() == null
                && row.getOutcome() != TickOutcome.MANUAL
                && (row.getJobId() == null || row.getJobId().equals(row.getSchedule() + ":" + row.getTick()))
                && row.getState() == null;
    }

    private static Instant begin(ScheduleState state, Instant from) {
        return state.getSince().isAfter(from) ? state.getSince() : from;
    }

    /** How often each tick of the rule was decided; to wait is no decision yet, unless nothing follows. */
    private static Map<Instant, Integer> decisions(Collection<ScheduleTick> rows) {
        Map<Instant, Integer> decided = new TreeMap<>();
        for (ScheduleTick row : rows) {
            if (decides(row)) {
                decided.merge(row.getTick(), row.getOutcome() == TickOutcome.WAITING ? 0 : 1, Integer::sum);
            }
        }
        return decided;
    }
}
