package io.quarry.client;

import io.quarry.avro.InlineColumn;
import io.quarry.avro.IntegerRange;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.QueryInput;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Puts an offline query together. Exactly one kind of input is given: columns, a range, files or SQL. Checks nothing:
 * {@link QuarryClient#submit} checks everything at once.
 */
public final class OfflineQueryBuilder {
    private final OfflineQuery.Builder query = OfflineQuery.newBuilder();
    private final QueryInput.Builder input = QueryInput.newBuilder();
    private final List<InlineColumn> columns = new ArrayList<>();

    private OfflineQueryBuilder() {}

    /** A query that computes features, as entity.feature. */
    public static OfflineQueryBuilder of(String... outputs) {
        OfflineQueryBuilder builder = new OfflineQueryBuilder();
        builder.query.setOutputs(List.of(outputs));
        return builder;
    }

    /** A column of the input: one value per row, each a Boolean, Long, Integer, Double, String or Instant, or null. */
    public OfflineQueryBuilder column(String name, List<?> values) {
        List<Object> converted = new ArrayList<>(values.size());
        for (Object value : values) {
            converted.add(wire(value));
        }
        columns.add(new InlineColumn(name, converted));
        return this;
    }

    /** Integers from start to below end as input. */
    public OfflineQueryBuilder range(String column, long start, long end) {
        return range(column, start, end, 1);
    }

    /** Integers start, start + step, ... below end as input. */
    public OfflineQueryBuilder range(String column, long start, long end, long step) {
        input.setRange(new IntegerRange(column, start, end, step));
        return this;
    }

    /** Parquet files as input: absolute paths or file: URIs below the workers' input directories; globs are allowed. */
    public OfflineQueryBuilder files(String... files) {
        input.setFiles(List.of(files));
        return this;
    }

    /** A SELECT over the catalog's sources as input. */
    public OfflineQueryBuilder sql(String select) {
        input.setSql(select);
        return this;
    }

    /** Instants that values are as of: none, one, or one per row of columns or range. To the microsecond. */
    public OfflineQueryBuilder inputTimes(List<Instant> times) {
        query.setInputTimes(List.copyOf(times));
        return this;
    }

    /** Column of files or SQL that holds each row's instant. */
    public OfflineQueryBuilder timeColumn(String column) {
        query.setTimeColumn(column);
        return this;
    }

    /** Features without which a row is dropped. */
    public OfflineQueryBuilder requiredOutputs(String... features) {
        query.setRequiredOutputs(List.of(features));
        return this;
    }

    public OfflineQueryBuilder datasetName(String name) {
        query.setDatasetName(name);
        return this;
    }

    /** Share of the rows to keep, above 0 and at most 1; equal seeds choose equal rows. */
    public OfflineQueryBuilder sample(double fraction, long seed) {
        query.setSampleFraction(fraction).setSampleSeed(seed);
        return this;
    }

    public OfflineQueryBuilder maxRows(long rows) {
        query.setMaxRows(rows);
        return this;
    }

    /** Rows with an earlier instant are left out. */
    public OfflineQueryBuilder lowerBound(Instant instant) {
        query.setLowerBound(instant);
        return this;
    }

    /** Rows with this instant or a later one are left out. */
    public OfflineQueryBuilder upperBound(Instant instant) {
        query.setUpperBound(instant);
        return this;
    }

    /** Name and version, for lists and statistics. */
    public OfflineQueryBuilder named(String name, String version) {
        query.setQueryName(name).setQueryVersion(version);
        return this;
    }

    public OfflineQueryBuilder tags(String... tags) {
        query.setTags(List.of(tags));
        return this;
    }

    /** The query. */
    public OfflineQuery build() {
        if (!columns.isEmpty()) {
            input.setColumns(List.copyOf(columns));
        }
        return query.setInput(input.build()).build();
    }

    @SuppressWarnings("NullAway") // A column's values may be null, which the generated type does not say.
    private static Object wire(Object value) {
        if (value instanceof Integer || value instanceof Short || value instanceof Byte) {
            return ((Number) value).longValue();
        }
        if (value instanceof Float number) {
            return number.doubleValue();
        }
        if (value instanceof Instant instant) {
            return instant.toString();
        }
        return value;
    }
}
