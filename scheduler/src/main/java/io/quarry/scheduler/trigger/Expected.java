package io.quarry.scheduler.trigger;

import io.quarry.avro.Schedule;
import java.time.Instant;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/** The ticks that rules call for, found without the code that schedules go by: what the auditor counts against the ledger. */
final class Expected {
    private final Map<String, PlainCron> read = new HashMap<>();

    /**
     * Hands out each tick of a schedule after one instant and not after another, each once.
     *
     * @param sink says whether it wants more
     */
    void each(Schedule schedule, Instant after, Instant until, Predicate<Instant> sink) {
        Instant start = schedule.getStart();
        Instant end = schedule.getEnd();
        Instant from = start == null || start.minusMillis(1).isBefore(after) ? after : start.minusMillis(1);
        Instant to = end == null || end.minusMillis(1).isAfter(until) ? until : end.minusMillis(1);
        if (!from.isBefore(to)) {
            return;
        }
        String cron = schedule.getCron();
        Long every = schedule.getEveryMs();
        if (cron != null) {
            read.computeIfAbsent(cron, PlainCron::new).each(from, to, ZoneId.of(schedule.getZone()), sink);
        } else if (every != null) {
            long anchor = start == null ? 0 : start.toEpochMilli();
            long since = from.toEpochMilli() - anchor;
            // The remainder of a time before the anchor is negative.
            long tick = from.toEpochMilli() - ((since % every) + every) % every + every;
            while (tick <= to.toEpochMilli() && sink.test(Instant.ofEpochMilli(tick))) {
                tick += every;
            }
        } else {
            boolean unused = schedule.getTimes().stream()
                    .filter(time -> time.isAfter(from) && !time.isAfter(to))
                    .allMatch(sink);
        }
    }
}
