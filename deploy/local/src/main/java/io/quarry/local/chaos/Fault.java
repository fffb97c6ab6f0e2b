package io.quarry.local.chaos;

import java.time.Duration;

/**
 * One fault of a schedule.
 *
 * @param at when, from the beginning of the load
 * @param kind what
 * @param target to which worker or scheduler, from 0; meaningless for other kinds
 * @param length how long it lasts; meaningless for what happens in a moment
 */
public record Fault(Duration at, FaultKind kind, int target, Duration length) {}
