package io.quarry.engine.catalog;

/**
 * A value about an entity.
 *
 * @param entity name of the entity
 * @param name name within the entity
 * @param definition where the value comes from
 * @param type DuckDB's name of its type
 */
public record Feature(String entity, String name, Definition definition, String type) {
    /** Name in queries and results. */
    public String fullName() {
        return entity + "." + name;
    }
}
