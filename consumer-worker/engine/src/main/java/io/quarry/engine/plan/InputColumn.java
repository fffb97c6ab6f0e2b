package io.quarry.engine.plan;

/**
 * A column of a query's input.
 *
 * @param name name that the user gave it
 * @param type DuckDB's name of its type
 * @param instant whether its values are the rows' instants as they are: then they are kept once
 */
record InputColumn(String name, String type, boolean instant) {
    /** Name within the plan: has a dot or an @, so that it never hides a key or feature in an expression. */
    String stageName() {
        return instant ? InputStage.TIME : "in." + name;
    }
}
