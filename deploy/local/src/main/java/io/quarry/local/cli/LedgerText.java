package io.quarry.local.cli;

import io.quarry.avro.ScheduleTick;
import io.quarry.avro.State;
import io.quarry.avro.TickOutcome;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Shows rows of the ledger to people. */
final class LedgerText {
    private LedgerText() {}

    /** Of several rows of one tick and job the last one: what became of it in the end. */
    static Collection<ScheduleTick> latest(List<ScheduleTick> rows) {
        Map<List<Object>, ScheduleTick> latest = new LinkedHashMap<>();
        for (ScheduleTick row : rows) {
            latest.put(List.of(row.getSchedule(), row.getTick(), own(row)), row);
        }
        return latest.values();
    }

    /** What sets a row apart from that of the rule's own tick at the same time. */
    private static String own(ScheduleTick row) {
        String job = row.getJobId();
        String tick = row.getSchedule() + ":" + row.getTick();
        if (row.getBackfill() != null) {
            return row.getBackfill();
        }
        return job == null || job.equals(tick) ? "" : job;
    }

    /** Whether nothing more will become of a tick. */
    static boolean over(ScheduleTick row) {
        return !sign(row).matches("[>w]");
    }

    /** One sign a tick. */
    static String strip(List<ScheduleTick> rows) {
        return rows.stream().map(LedgerText::sign).collect(Collectors.joining());
    }

    static String outcome(ScheduleTick row) {
        return ScheduleFile.word(row.getOutcome());
    }

    static String ended(ScheduleTick row) {
        return row.getState() == null ? "-" : row.getState().name();
    }

    /** How late it was decided; nobody waits for the tick of a backfill. */
    static String lateBy(ScheduleTick row) {
        return row.getOutcome() == TickOutcome.BACKFILLED ? "-" : Text.duration(Duration.ofMillis(row.getLatenessMs()));
    }

    private static String sign(ScheduleTick row) {
        State state = row.getState();
        if (state != null) {
            return switch (state) {
                case SUCCEEDED -> "#";
                case CANCELLED -> "c";
                case FAILED, EXPIRED -> "!";
                case UNKNOWN, QUEUED, LAUNCHING, RUNNING, RETRYING -> "?";
            };
        }
        return switch (row.getOutcome()) {
            case TRIGGERED, LATE, CAUGHT_UP, BACKFILLED, MANUAL -> ">";
            case WAITING -> "w";
            case SKIPPED_OVERLAP -> "o";
            case SKIPPED_PAUSED -> "p";
            case SKIPPED_OUTSIDE_WINDOW, MISSED_OUTAGE -> "-";
            case REFUSED -> "!";
            case UNKNOWN -> "?";
        };
    }
}
