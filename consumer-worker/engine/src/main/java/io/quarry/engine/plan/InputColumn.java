package io.quarry.engine.plan;

/**
 * A column of a query's input.
 *
 * @param name name that the user gave it
 * @param type DuckDB's name of its type
 */
record InputColumn(String name, String type) {
    /** Name within the plan: has a dot, so that it never hides a key or feature in an expression. */
    String stageName() {
        return "in." + name;
    }
}
