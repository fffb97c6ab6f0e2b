package io.quarry.schemas.schedule;

import java.time.Instant;

/**
 * One instant at which a rule fires.
 *
 * @param note what a change of the clock did to it, one sentence; empty on all other days
 */
public record Firing(Instant at, String note) {}
