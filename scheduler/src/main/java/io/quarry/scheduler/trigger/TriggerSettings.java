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
 * @param auditInterval distance of two recounts of the ledger
 */
public record TriggerSettings(
        Topics topics, Duration lateAfter, Duration missedAfter, Duration interval, Duration auditInterval) {}
