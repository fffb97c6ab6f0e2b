package io.quarry.local.audit;

import java.time.Instant;

/**
 * A time in which somebody kept workers from claiming what they had taken. A record that waits in a paused worker is
 * overtaken by right: the order promised is that of acquisition, which no log shows.
 *
 * @param from when it began
 * @param to when its effect was over
 * @param records most records that it can have held back
 */
public record Disturbance(Instant from, Instant to, int records) {}
