package io.quarry.scheduler.trigger;

import io.quarry.schemas.Topics;
import java.time.Duration;

/**
 * What schedules are set to.
 *
 * @param topics names of the topics
 * @param lateAfter a tick decided later than this is late
 * @param missedAfter a tick decided later than this was missed: the catch-up policy says what becomes of it
 * @param interval distance of two looks at the clock
 * @param patience so long a task waits for the news of the time in which nobody looked after its schedules
 * @param auditInterval least pause between two recounts of the ledger
 * @param time the time that they go by; {@code lateAfter} and {@code missedAfter} are measured in it, the intervals in real time
 */
public record TriggerSettings(
        Topics topics,
        Duration lateAfter,
        Duration missedAfter,
        Duration interval,
        Duration patience,
        Duration auditInterval,
        ScheduleTime time) {

    /** The same, by another time. */
    public TriggerSettings by(ScheduleTime other) {
        return new TriggerSettings(topics, lateAfter, missedAfter, interval, patience, auditInterval, other);
    }
}
