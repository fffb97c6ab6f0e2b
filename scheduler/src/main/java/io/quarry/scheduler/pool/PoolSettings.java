package io.quarry.scheduler.pool;

import io.quarry.schemas.Topics;
import java.time.Duration;

/**
 * Settings of the autoscaler.
 *
 * @param topics names of the topics
 * @param tick how often it looks at what changed
 */
public record PoolSettings(Topics topics, Duration tick) {}
