package io.quarry.scheduler.launch;

import io.quarry.schemas.Topics;
import java.time.Duration;

/**
 * Settings of a launcher.
 *
 * @param patience how long others may start ahead of the oldest job for which there is no room
 * @param interval how often it is looked for room again
 * @param reconcile how often rows and processes are held against each other; what is too much for two looks is put right
 */
public record LaunchSettings(Topics topics, Duration patience, Duration interval, Duration reconcile) {}
