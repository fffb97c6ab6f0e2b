package io.quarry.scheduler.lifecycle;

import io.quarry.schemas.Topics;
import java.time.Duration;

/**
 * What the lifecycle is set to.
 *
 * @param topics names of the topics
 * @param leaseTicks ticks without a heartbeat after which a claim is lost
 * @param tickInterval distance of two ticks
 * @param progressInterval least time between two rows of a job that differ in progress only
 * @param retention how long a final row is kept
 * @param queueRetention how long a queue keeps its records
 * @param passedInterval how often what share groups have passed is looked at
 */
public record LifecycleSettings(
        Topics topics,
        int leaseTicks,
        Duration tickInterval,
        Duration progressInterval,
        Duration retention,
        Duration queueRetention,
        Duration passedInterval) {}
