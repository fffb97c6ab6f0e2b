package io.quarry.engine.plan;

import io.quarry.engine.catalog.Sql;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A relation with values of several nodes of one thing, to be joined to a stage.
 *
 * @param name name of the common table expression
 * @param match how its rows are found by keys k1, k2, ... and the row's instant
 * @param instant what of a row r is compared with the block's column t; its instant but where t is more than that
 * @param ctes common table expressions in order, each {@code name AS (...)}, the last one being the block
 * @param values stage expression by node column, over the block's name
 */
record Block(String name, Match match, String instant, List<String> ctes, Map<String, String> values) {
    /** The instant of a row r of a stage. */
    static final String INSTANT = "r." + Sql.name(InputStage.TIME);

    /** How a stage's row finds its row of a block. */
    enum Match {
        /** By the keys alone. */
        KEYS,
        /** By the keys and the very instant, column t. */
        INSTANT,
        /** By the keys and the greatest instant, column t, that is at or before the row's. */
        LATEST_AT,
        /** By the keys and the greatest instant, column t, that is before the row's. */
        LATEST_BEFORE
    }

    Block {
        ctes = List.copyOf(ctes);
        values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }
}
