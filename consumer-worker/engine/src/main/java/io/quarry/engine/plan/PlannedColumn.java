package io.quarry.engine.plan;

/**
 * A column of a plan's result or of a table that it reads.
 *
 * @param name name as in the result
 * @param type DuckDB's name of the type, such as {@code BIGINT}
 */
public record PlannedColumn(String name, String type) {}
