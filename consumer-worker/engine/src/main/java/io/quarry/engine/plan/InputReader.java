package io.quarry.engine.plan;

import io.quarry.avro.InlineColumn;
import io.quarry.avro.IntegerRange;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.QueryInput;
import io.quarry.engine.catalog.Catalog;
import io.quarry.engine.catalog.Source;
import io.quarry.engine.catalog.Sql;
import io.quarry.engine.catalog.TypeFamily;
import java.net.URI;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Turns the input, times, bounds, sample and row limit of a query into the first stage of its plan. */
final class InputReader {
    static final String FIELD = "offline_query.input";
    private static final String TABLE = "quarry_input";
    private static final String TIMES = "quarry_times";

    private final Catalog catalog;
    private final OfflineQuery query;
    private final Instant startedAt;
    private final PlanInputs inputs;
    /** Wanted type by column name, for keys and features that the query uses. */
    private final Map<String, String> wanted;

    private final Wrongs wrongs;

    private final List<InputColumn> columns = new ArrayList<>();
    private final List<String> projections = new ArrayList<>();
    private final List<InputTable> tables = new ArrayList<>();
    private final List<Path> reads = new ArrayList<>();
    private final List<String> order = new ArrayList<>();
    private final List<String> ctes = new ArrayList<>();
    private OptionalLong rows = OptionalLong.empty();
    private boolean timesFromRows;
    /** The rows' instants, where an input column holds them as they are. */
    private String instants = "";

    InputReader(
            Catalog catalog,
            OfflineQuery query,
            Instant startedAt,
            PlanInputs inputs,
            Map<String, String> wanted,
            Wrongs wrongs) {
        this.catalog = catalog;
        this.query = query;
        this.startedAt = startedAt;
        this.inputs = inputs;
        this.wanted = wanted;
        this.wrongs = wrongs;
    }

    Optional<InputStage> read() {
        QueryInput input = query.getInput();
        List<String> set = new ArrayList<>();
        if (input.getColumns() != null) {
            set.add("columns");
        }
        if (input.getRange() != null) {
            set.add("range");
        }
        if (input.getFiles() != null) {
            set.add("files");
        }
        if (input.getSql() != null) {
            set.add("sql");
        }
        if (set.size() != 1) {
            wrongs.add(FIELD, set.toString(), "exactly one of columns, range, files, sql must be set");
            return Optional.empty();
        }
        String from = switch (set.get(0)) {
            case "columns" -> inline(input.getColumns());
            case "range" -> range(input.getRange());
            case "files" -> files(input.getFiles());
            default -> spine(input.getSql());
        };
        String time = time();
        if (wrongs.any()) {
            return Optional.empty();
        }
        return Optional.of(new InputStage(ctes, limited(from, time), columns, order, tables, reads, rows));
    }

    private String limited(String from, String time) {
        StringBuilder select = new StringBuilder("SELECT ");
        select.append(String.join(", ", projections)).append(projections.isEmpty() ? "" : ", ");
        select.append(time)
                .append(" AS ")
                .append(Sql.name(InputStage.TIME))
                .append("\n  FROM ")
                .append(from);
        List<String> conditions = new ArrayList<>();
        String sample = sample();
        if (query.getLowerBound() != null) {
            conditions.add(Sql.name(InputStage.TIME) + " >= " + Literals.timestamp(query.getLowerBound()));
        }
        if (query.getUpperBound() != null) {
            conditions.add(Sql.name(InputStage.TIME) + " < " + Literals.timestamp(query.getUpperBound()));
        }
        if (!sample.isEmpty()) {
            conditions.add(sample);
        }
        String result = select.toString();
        Long most = query.getMaxRows();
        if (!conditions.isEmpty() || most != null) {
            result = "SELECT * FROM (" + result + ")";
            if (!conditions.isEmpty()) {
                result += "\n  WHERE " + String.join(" AND ", conditions);
            }
            if (most != null) {
                result += "\n  ORDER BY " + Sql.names(order.isEmpty() ? stageNames() : order) + "\n  LIMIT " + most;
            }
        }
        return result;
    }

    private String sample() {
        Double fraction = query.getSampleFraction();
        if (fraction == null) {
            return "";
        }
        if (!(fraction > 0 && fraction <= 1)) {
            wrongs.add("offline_query.sample_fraction", fraction.toString(), "must be above 0 and at most 1");
        }
        List<String> hashed = new ArrayList<>();
        stageNames().forEach(name -> hashed.add(Sql.name(name)));
        return "hash(CAST(" + query.getSampleSeed() + " AS BIGINT), " + String.join(", ", hashed)
                + ") / 18446744073709551616.0 < " + fraction;
    }

    /** The input's columns from left to right, and the rows' own instants. */
    private List<String> stageNames() {
        List<String> names =
                new ArrayList<>(columns.stream().map(InputColumn::stageName).toList());
        if (timesFromRows && !names.contains(InputStage.TIME)) {
            names.add(InputStage.TIME);
        }
        return names;
    }

    private String inline(List<InlineColumn> given) {
        String field = FIELD + ".columns";
        List<PlannedColumn> stored = new ArrayList<>();
        List<List<@Nullable Object>> values = new ArrayList<>();
        int length = given.isEmpty() ? 0 : given.get(0).getValues().size();
        if (given.isEmpty()) {
            wrongs.add(field, "[]", "at least one column is needed");
        }
        for (int i = 0; i < given.size(); i++) {
            InlineColumn column = given.get(i);
            if (column.getValues().size() != length) {
                wrongs.add(
                        field + "[" + i + "].values",
                        column.getValues().size() + " values",
                        "all columns have the same length; the first one has " + length);
                continue;
            }
            inline(field + "[" + i + "].values", column, stored, values);
        }
        rows = OptionalLong.of(length);
        String from = TABLE;
        if (perRow(length)) {
            stored.add(new PlannedColumn("quarry_time", "BIGINT"));
            values.add(times());
        }
        stored.add(new PlannedColumn("quarry_row", "BIGINT"));
        List<@Nullable Object> ordinals = new ArrayList<>(length);
        for (long row = 0; row < length; row++) {
            ordinals.add(row);
        }
        values.add(ordinals);
        projections.add("quarry_row AS \"@row\"");
        order.add("@row");
        tables.add(new InputTable(TABLE, stored, values));
        return from;
    }

    private void inline(
            String field, InlineColumn column, List<PlannedColumn> stored, List<List<@Nullable Object>> values) {
        String name = column.getName();
        List<@Nullable Object> given = column.getValues();
        boolean time = name.equals(query.getTimeColumn());
        Optional<String> type = time
                ? Optional.of("TIMESTAMP WITH TIME ZONE")
                : Optional.ofNullable(wanted.get(name)).or(() -> InlineValues.infer(given));
        if (type.isEmpty()) {
            wrongs.add(field, name, "all values of a column must be of one type");
            return;
        }
        try {
            InlineValues fitting = InlineValues.of(type.orElseThrow(), given);
            String storedName = "c" + stored.size();
            stored.add(new PlannedColumn(storedName, fitting.storage()));
            values.add(fitting.values());
            column(name, type.orElseThrow(), fitting.expression().replace("%s", storedName));
        } catch (InlineValues.Misfit e) {
            wrongs.add(
                    field + "[" + e.row() + "]",
                    e.value(),
                    "values of " + name + " must be " + InlineValues.shape(type.orElseThrow()));
        }
    }

    private String range(IntegerRange range) {
        String field = FIELD + ".range";
        if (range.getStep() < 1) {
            wrongs.add(field + ".step", Long.toString(range.getStep()), "must be at least 1");
            return "";
        }
        long length = range.getEnd() - range.getStart();
        if (range.getEnd() > range.getStart() && length < 0) {
            wrongs.add(field + ".end", Long.toString(range.getEnd()), "must be less than 2^63 above start");
            return "";
        }
        long count = length <= 0 ? 0 : Math.floorDiv(length - 1, range.getStep()) + 1;
        rows = OptionalLong.of(count);
        String type = wanted.getOrDefault(range.getColumn(), "BIGINT");
        if (TypeFamily.of(type) != TypeFamily.INTEGER) {
            wrongs.add(field + ".column", range.getColumn(), "must be an integer key or feature; it is " + type);
        }
        column(range.getColumn(), "BIGINT", "range");
        String from = "range(" + range.getStart() + ", " + Math.max(range.getStart(), range.getEnd()) + ", "
                + range.getStep() + ")";
        projections.add("range AS \"@row\"");
        order.add("@row");
        if (perRow(count)) {
            List<@Nullable Object> keys = new ArrayList<>();
            for (long row = 0; row < count; row++) {
                keys.add(range.getStart() + row * range.getStep());
            }
            tables.add(new InputTable(
                    TIMES,
                    List.of(new PlannedColumn("quarry_key", "BIGINT"), new PlannedColumn("quarry_time", "BIGINT")),
                    List.of(keys, times())));
            return from + " JOIN " + TIMES + " ON range = quarry_key";
        }
        return from;
    }

    private String files(List<String> given) {
        String field = FIELD + ".files";
        List<String> patterns = new ArrayList<>();
        if (given.isEmpty()) {
            wrongs.add(field, "[]", "at least one file is needed");
        }
        for (int i = 0; i < given.size(); i++) {
            Optional<Path> path = path(given.get(i));
            if (path.isEmpty()
                    || inputs.inputDirectories().stream()
                            .noneMatch(directory -> path.orElseThrow()
                                    .startsWith(directory.toAbsolutePath().normalize()))) {
                wrongs.add(
                        field + "[" + i + "]",
                        given.get(i),
                        "must be an absolute path or file: URI below one of the worker's input directories "
                                + inputs.inputDirectories());
            } else {
                reads.add(path.orElseThrow());
                patterns.add(path.orElseThrow().toString());
            }
        }
        if (wrongs.any()) {
            return "";
        }
        String scan = "read_parquet([" + patterns.stream().map(Sql::text).collect(Collectors.joining(", ")) + "])";
        describe(field, given.toString(), "SELECT * FROM " + scan);
        projections.add("filename AS \"@file\"");
        projections.add("file_row_number AS \"@row\"");
        order.add("@file");
        order.add("@row");
        return scan;
    }

    private static Optional<Path> path(String text) {
        try {
            Path path = text.startsWith("file:") ? Path.of(URI.create(text)) : Path.of(text);
            return path.isAbsolute() ? Optional.of(path.normalize()) : Optional.empty();
        } catch (IllegalArgumentException | FileSystemNotFoundException e) {
            return Optional.empty();
        }
    }

    private String spine(String sql) {
        for (Source source : catalog.sources().values()) {
            Pattern word = Pattern.compile("\\b" + Pattern.quote(source.name()) + "\\b", Pattern.CASE_INSENSITIVE);
            if (word.matcher(sql).find()) {
                ctes.add(Sql.name(source.name()) + " AS NOT MATERIALIZED (SELECT * FROM " + source.scan() + ")");
                reads.addAll(source.files().stream().map(Path::of).toList());
            }
        }
        String sources = ctes.isEmpty() ? "" : "WITH " + String.join(", ", ctes) + " ";
        // The text alone comes first: in brackets, one that closes them too early would pass.
        if (describe(FIELD + ".sql", sql, sources + "SELECT * FROM (" + sql + "\n)", sql)) {
            return "(\n" + sql + "\n) AS spine";
        }
        return "";
    }

    private boolean describe(String field, String value, String select) {
        return describe(field, value, select, null);
    }

    private boolean describe(String field, String value, String select, @Nullable String alone) {
        try {
            if (alone != null && !parses(field, alone)) {
                return false;
            }
            for (PlannedColumn column : inputs.describe(select)) {
                column(column.name(), column.type(), Sql.name(column.name()));
            }
            return true;
        } catch (SQLException e) {
            Optional<Source> unreadable = SpineRules.unreadable(
                    String.valueOf(e.getMessage()), catalog.sources().values());
            if (unreadable.isPresent()) {
                wrongs.add(
                        "catalog.sources." + unreadable.orElseThrow().name() + ".files",
                        String.join(", ", unreadable.orElseThrow().files()),
                        "must be files that can be read: "
                                + SpineRules.binding(String.valueOf(e.getMessage()), List.of()));
                return false;
            }
            wrongs.add(
                    field,
                    value,
                    SpineRules.binding(
                            String.valueOf(e.getMessage()), catalog.sources().keySet()));
            return false;
        }
    }

    private boolean parses(String field, String sql) {
        try {
            inputs.parse(sql);
            return true;
        } catch (SQLException e) {
            wrongs.add(field, sql, SpineRules.parsing(String.valueOf(e.getMessage())));
            return false;
        }
    }

    private void column(String name, String type, String expression) {
        boolean instant = name.equals(query.getTimeColumn()) && type.equals("TIMESTAMP");
        InputColumn column = new InputColumn(name, type, instant);
        Set<String> taken = new HashSet<>();
        columns.forEach(other -> taken.add(other.name().toLowerCase(Locale.ROOT)));
        if (taken.contains(name.toLowerCase(Locale.ROOT))) {
            wrongs.add(FIELD, name, "no two columns may have the same name, whatever its case");
            return;
        }
        if (name.equalsIgnoreCase(QueryPlan.TIME_COLUMN) && !name.equals(query.getTimeColumn())) {
            wrongs.add(
                    FIELD,
                    name,
                    "the name is that of the result's instant: name it in time_column or call it otherwise");
            return;
        }
        String want = wanted.get(name);
        if (want != null && TypeFamily.of(want) != TypeFamily.of(type)) {
            wrongs.add(FIELD, name + " " + type, "column " + name + " must be " + want + ", as the catalog says");
            return;
        }
        columns.add(column);
        if (instant) {
            instants = expression;
        } else {
            projections.add(expression + " AS " + Sql.name(column.stageName()));
        }
    }

    /** Whether each row has an instant of its own in input_times; notes what is wrong with their number. */
    private boolean perRow(long count) {
        int times = query.getInputTimes().size();
        if (times <= 1) {
            return false;
        }
        if (times != count) {
            wrongs.add(
                    "offline_query.input_times",
                    times + " times",
                    "must be none, one, or one per row; the input has " + count + " rows");
            return false;
        }
        timesFromRows = true;
        return true;
    }

    private List<@Nullable Object> times() {
        List<@Nullable Object> micros = new ArrayList<>();
        query.getInputTimes().forEach(instant -> micros.add(Literals.micros(instant)));
        return micros;
    }

    private String time() {
        String name = query.getTimeColumn();
        List<Instant> times = query.getInputTimes();
        if (name != null) {
            if (!times.isEmpty()) {
                wrongs.add("offline_query.time_column", name, "excludes input_times");
            }
            return timeColumn(name);
        }
        if (timesFromRows) {
            return "make_timestamp(quarry_time)";
        }
        if (times.size() > 1 && rows.isEmpty() && !wrongs.any()) {
            wrongs.add(
                    "offline_query.input_times",
                    times.size() + " times",
                    "rows of files and sql carry their instants in a column: name it in time_column");
        }
        return Literals.timestamp(times.isEmpty() ? startedAt : times.get(0));
    }

    private String timeColumn(String name) {
        for (int i = 0; i < columns.size(); i++) {
            InputColumn column = columns.get(i);
            if (column.name().equals(name)) {
                if (!TypeFamily.of(column.type()).temporal()) {
                    wrongs.add(
                            "offline_query.time_column",
                            name,
                            "must be a DATE or TIMESTAMP column; it is " + column.type());
                }
                timesFromRows = true;
                return column.instant() ? instants : Source.utc(Sql.name(column.stageName()), column.type());
            }
        }
        if (!columns.isEmpty()) {
            // A column that files lack is the files' fault, one that a spine or range lacks the query's.
            boolean files = query.getInput().getFiles() != null;
            wrongs.add(
                    files ? FIELD + ".files" : "offline_query.time_column",
                    name,
                    (files ? "is the time_column and " : "") + "must be a column of the input, which has "
                            + columns.stream().map(InputColumn::name).collect(Collectors.joining(", ")));
        }
        return "NULL";
    }
}
