package io.quarry.schemas;

import io.quarry.avro.InlineColumn;
import io.quarry.avro.IntegerRange;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.QueryInput;
import java.time.temporal.ChronoUnit;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Rules of an offline query that need neither the catalog nor the files. */
final class OfflineQueryRules {
    private static final String CLAIM_CHECK =
            ": for more, write a Parquet file below one of the worker's input directories and name it in input.files";
    private static final String UNSUPPORTED = "not supported yet: leave it out";
    private static final Pattern FEATURE = Pattern.compile("[^.\\s]+\\.\\S+");
    private static final int NAMES = 200;
    private static final int SQL_CHARACTERS = 100_000;
    private static final int TIMES = JobRules.INLINE_BYTES / Long.BYTES;

    private OfflineQueryRules() {}

    static void check(Findings found, String at, OfflineQuery query) {
        input(found, at + ".input", query.getInput());
        times(found, at, query);
        features(found, at + ".outputs", query.getOutputs());
        found.require(!query.getOutputs().isEmpty(), at + ".outputs", null, "must name at least one feature");
        features(found, at + ".required_outputs", query.getRequiredOutputs());
        rows(found, at, query);
        labels(found, at, query);
        unsupported(found, at, query);
    }

    private static void input(Findings found, String at, QueryInput input) {
        int given = 0;
        given += input.getColumns() == null ? 0 : 1;
        given += input.getRange() == null ? 0 : 1;
        given += input.getFiles() == null ? 0 : 1;
        given += input.getSql() == null ? 0 : 1;
        found.require(
                given == 1, at, given + " of them set", "must have exactly one of columns, range, files and sql set");
        if (input.getColumns() != null) {
            columns(found, at + ".columns", input.getColumns());
        }
        if (input.getRange() != null) {
            range(found, at + ".range", input.getRange());
        }
        if (input.getFiles() != null) {
            files(found, at + ".files", input.getFiles());
        }
        if (input.getSql() != null) {
            found.require(!input.getSql().isBlank(), at + ".sql", input.getSql(), "must be a SELECT");
            found.length(0, SQL_CHARACTERS, at + ".sql", input.getSql());
        }
    }

    private static void columns(Findings found, String at, List<InlineColumn> columns) {
        found.require(!columns.isEmpty(), at, null, "must have at least one column");
        Set<String> seen = new HashSet<>();
        long bytes = 0;
        for (int i = 0; i < columns.size(); i++) {
            InlineColumn column = columns.get(i);
            String name = at + "[" + i + "].name";
            found.length(1, NAMES, name, column.getName());
            found.require(seen.add(column.getName()), name, column.getName(), "must be there only once");
            int rows = column.getValues().size();
            int first = columns.get(0).getValues().size();
            found.require(
                    rows == first,
                    at + "[" + i + "].values",
                    rows + " values in column " + column.getName(),
                    "must be as many as in the first column, which has " + first);
            bytes += encodedSize(column);
        }
        found.require(
                bytes <= JobRules.INLINE_BYTES,
                at,
                bytes + " bytes",
                "must have at most " + JobRules.INLINE_BYTES + " bytes in all" + CLAIM_CHECK);
    }

    /** Size of a column as Avro encodes it, less the few bytes that delimit blocks. */
    private static long encodedSize(InlineColumn column) {
        long bytes = utf8Size(column.getName());
        for (Object value : column.getValues()) {
            bytes += 1; // the branch of the union
            if (value instanceof Long number) {
                long zigzag = (number << 1) ^ (number >> 63);
                bytes += Math.max(1, (64 - Long.numberOfLeadingZeros(zigzag) + 6) / 7);
            } else if (value instanceof Double) {
                bytes += Double.BYTES;
            } else if (value instanceof Boolean) {
                bytes += 1;
            } else if (value instanceof CharSequence text) {
                bytes += utf8Size(text) + 1;
            }
        }
        return bytes;
    }

    private static long utf8Size(CharSequence text) {
        return text.chars()
                // A surrogate pair is four bytes, so each half counts two.
                .map(c -> c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate((char) c) ? 2 : 3)
                .asLongStream()
                .sum();
    }

    private static void range(Findings found, String at, IntegerRange range) {
        found.length(1, NAMES, at + ".column", range.getColumn());
        found.atLeast(1, at + ".step", range.getStep());
        found.require(
                range.getStart() <= range.getEnd(),
                at + ".start",
                range.getStart(),
                "must be at most end, which is " + range.getEnd());
        found.require(
                range.getStart() > range.getEnd() || range.getEnd() - range.getStart() >= 0,
                at + ".end",
                range.getEnd(),
                "must be less than 2^63 above start");
    }

    private static void files(Findings found, String at, List<String> files) {
        found.require(!files.isEmpty(), at, null, "must name at least one file");
        for (int i = 0; i < files.size(); i++) {
            String file = files.get(i);
            found.require(
                    (file.startsWith("/") || file.startsWith("file:/")) && file.indexOf('\0') < 0,
                    at + "[" + i + "]",
                    file,
                    "must be an absolute path or a file: URI; other places are not supported yet");
        }
    }

    private static void times(Findings found, String at, OfflineQuery query) {
        int times = query.getInputTimes().size();
        OptionalLong rows = rowsOf(query.getInput());
        String field = at + ".input_times";
        String count = times + " times";
        if (rows.isPresent()) {
            found.require(
                    times <= 1 || times == rows.getAsLong(),
                    field,
                    count,
                    "must be none, one, or one per row of the input, which has " + rows.getAsLong());
        } else {
            found.require(
                    times <= 1,
                    field,
                    count,
                    "must be none or one for files and sql: name the column of the times in time_column");
        }
        for (int i = 0; i < times; i++) {
            found.instant(
                    ChronoUnit.MICROS,
                    field + "[" + i + "]",
                    query.getInputTimes().get(i));
        }
        found.require(times <= TIMES, field, count, "must be at most " + TIMES + CLAIM_CHECK);
        String column = query.getTimeColumn();
        if (column != null) {
            found.length(1, NAMES, at + ".time_column", column);
            found.require(times == 0, at + ".time_column", column, "must be absent when input_times are given");
            found.require(
                    rows.isEmpty(),
                    at + ".time_column",
                    column,
                    "must name a column of input.files or input.sql: for columns and range give input_times");
        }
    }

    /** Number of rows of an input that says it, which columns and ranges do. */
    private static OptionalLong rowsOf(QueryInput input) {
        List<InlineColumn> columns = input.getColumns();
        if (columns != null) {
            return OptionalLong.of(
                    columns.isEmpty() ? 0 : columns.get(0).getValues().size());
        }
        IntegerRange range = input.getRange();
        if (range == null) {
            return OptionalLong.empty();
        }
        long span = Math.max(0, range.getEnd() - range.getStart());
        long step = Math.max(1, range.getStep());
        return OptionalLong.of(span / step + (span % step == 0 ? 0 : 1));
    }

    private static void features(Findings found, String at, List<String> features) {
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < features.size(); i++) {
            String feature = features.get(i);
            String field = at + "[" + i + "]";
            found.length(1, NAMES, field, feature);
            found.require(FEATURE.matcher(feature).matches(), field, feature, "must have the form entity.feature");
            found.require(seen.add(feature), field, feature, "must be there only once");
        }
    }

    private static void rows(Findings found, String at, OfflineQuery query) {
        Double share = query.getSampleFraction();
        found.require(
                share == null || (share > 0 && share <= 1),
                at + ".sample_fraction",
                share,
                "must be above 0 and at most 1");
        found.atLeast(1, at + ".max_rows", query.getMaxRows());
        found.instant(ChronoUnit.MICROS, at + ".lower_bound", query.getLowerBound());
        found.instant(ChronoUnit.MICROS, at + ".upper_bound", query.getUpperBound());
        found.require(
                query.getLowerBound() == null
                        || query.getUpperBound() == null
                        || query.getLowerBound().isBefore(query.getUpperBound()),
                at + ".lower_bound",
                query.getLowerBound(),
                "must be before upper_bound, which is " + query.getUpperBound());
    }

    private static void labels(Findings found, String at, OfflineQuery query) {
        String dataset = query.getDatasetName();
        found.require(
                dataset == null || JobRules.validDatasetName(dataset),
                at + ".dataset_name",
                dataset,
                JobRules.datasetRule());
        found.length(1, NAMES, at + ".query_name", query.getQueryName());
        found.length(1, NAMES, at + ".query_version", query.getQueryVersion());
        found.require(
                query.getTags().size() <= 64,
                at + ".tags",
                query.getTags().size() + " tags",
                "must have at most 64 entries");
        query.getTags().forEach(tag -> found.length(1, NAMES, at + ".tags", tag));
    }

    private static void unsupported(Findings found, String at, OfflineQuery query) {
        String format = query.getFormat();
        found.require(
                format == null || format.equals("parquet"),
                at + ".format",
                format,
                "not supported yet: leave it out or write parquet");
        absent(found, at + ".write_to", query.getWriteTo());
        absent(found, at + ".num_shards", query.getNumShards());
        absent(found, at + ".num_workers", query.getNumWorkers());
        found.require(!query.getStoreOnline(), at + ".store_online", true, UNSUPPORTED);
        found.require(!query.getStoreOffline(), at + ".store_offline", true, UNSUPPORTED);
        query.getPlannerOptions().forEach((key, value) -> absent(found, at + ".planner_options." + key, value));
    }

    private static void absent(Findings found, String field, @Nullable Object value) {
        found.require(value == null, field, value, UNSUPPORTED);
    }
}
