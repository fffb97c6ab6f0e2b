package io.quarry.engine.catalog;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Where a feature's value comes from. */
public sealed interface Definition {
    /**
     * A column of the row with the entity's key, whenever.
     *
     * @param source name of a source without event time
     * @param on column of the source by key of the entity, in the keys' order
     * @param column column with the value
     */
    record Lookup(String source, Map<String, String> on, String column) implements Definition {
        public Lookup {
            on = ordered(on);
        }
    }

    /**
     * A column of the latest row as of the instant asked about.
     *
     * @param source name of a source with event time
     * @param on column of the source by key of the entity, in the keys' order
     * @param column column with the value
     * @param ttlMicros how old the row may be; none for any age
     * @param before whether rows at the very instant are left out
     */
    record Latest(String source, Map<String, String> on, String column, Optional<Long> ttlMicros, boolean before)
            implements Definition {
        public Latest {
            on = ordered(on);
        }
    }

    /**
     * An aggregate over the rows of the time before the instant asked about.
     *
     * @param source name of a source with event time
     * @param on column of the source by key of the entity, in the keys' order
     * @param function what is computed
     * @param column column that it is computed of; none for a count of rows
     * @param windowMicros length of the window
     * @param before whether rows at the very instant are left out
     */
    record Aggregate(
            String source,
            Map<String, String> on,
            Function function,
            Optional<String> column,
            long windowMicros,
            boolean before)
            implements Definition {
        public Aggregate {
            on = ordered(on);
        }
    }

    /**
     * A feature of another entity, whose keys are values of this one.
     *
     * @param feature full name of the other entity's feature
     * @param through this entity's key, or full name of this entity's feature, by key of the other entity, in the keys' order
     */
    record Join(String feature, Map<String, String> through) implements Definition {
        public Join {
            through = ordered(through);
        }
    }

    /**
     * An SQL expression over keys and features of the same entity.
     *
     * @param sql the expression
     * @param features full names of the features that it uses
     */
    record Expression(String sql, List<String> features) implements Definition {
        public Expression {
            features = List.copyOf(features);
        }
    }

    /** What a windowed aggregate computes. Rows whose column is null do not take part. */
    enum Function {
        COUNT,
        SUM,
        MEAN,
        MIN,
        MAX,
        /** Sample standard deviation; null below two values. */
        STDDEV,
        APPROX_DISTINCT,
        /** Value of the latest row. */
        LAST
    }

    private static Map<String, String> ordered(Map<String, String> map) {
        return Collections.unmodifiableMap(new LinkedHashMap<>(map));
    }
}
