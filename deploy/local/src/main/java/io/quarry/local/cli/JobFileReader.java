package io.quarry.local.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarry.engine.catalog.Problem;
import io.quarry.schemas.Quantities;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.apache.avro.LogicalType;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** Turns the nodes of a job file into Avro records, led by their schema, and collects every error on the way. */
final class JobFileReader {
    private static final String JOB = "io.quarry.avro.Job";
    private static final String INPUT = "io.quarry.avro.QueryInput";
    private static final String INLINE_COLUMN = "io.quarry.avro.InlineColumn";
    private static final String CUSTOM = "io.quarry.avro.CustomPayload";
    private static final Pattern LEADING_ZERO = Pattern.compile("[-+]?0[0-9]");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String file;
    private final List<Problem> problems = new ArrayList<>();
    private final @Nullable Map<String, String> moments;
    private final FilePlaces places;

    JobFileReader(String file) {
        this(file, null, new FilePlaces());
    }

    /**
     * A reader of a template.
     *
     * @param moments takes the placeholders that stand where a job has an instant, by the path of the field; null when there are
     *     to be none
     * @param places takes where everything stands
     */
    JobFileReader(String file, @Nullable Map<String, String> moments, FilePlaces places) {
        this.file = file;
        this.moments = moments;
        this.places = places;
    }

    List<Problem> problems() {
        return problems;
    }

    /** Where everything that was read stands. */
    FilePlaces places() {
        return places;
    }

    /**
     * Reads a mapping as a record. What is wrong is in {@link #problems()}; the record has its default then, or nothing in
     * particular, so that its other fields can be checked.
     */
    SpecificRecord record(Node node, Schema schema, String path) {
        SpecificRecord record = (SpecificRecord) SpecificData.get().newRecord(null, schema);
        Set<String> seen = new HashSet<>();
        if (node instanceof MappingNode mapping) {
            for (NodeTuple entry : mapping.getValue()) {
                field(entry, schema, path, record, seen);
            }
        } else {
            refuse(node, path, "a mapping of " + String.join(", ", names(schema)));
            schema.getFields().forEach(field -> seen.add(field.name()));
        }
        for (Schema.Field field : schema.getFields()) {
            if (seen.contains(field.name())
                    && (record.get(field.pos()) != null || field.schema().isNullable())) {
                continue;
            }
            if (field.hasDefaultValue()) {
                record.put(field.pos(), SpecificData.getForSchema(schema).getDefaultValue(field));
            } else if (schema.getFullName().equals(JOB)) {
                // The id: whoever submits the file makes one.
                record.put(field.pos(), "");
            } else {
                String where = FilePlaces.below(path, field.name());
                if (!seen.contains(field.name())) {
                    if (!places.meant(where)) {
                        problem(node, where + " is missing: it has to be set");
                    }
                    places.settled(where);
                }
                record.put(field.pos(), nothing(field.schema()));
            }
        }
        return record;
    }

    /** A value in the place of one that could not be read: what is said about that one is said. */
    private static Object nothing(Schema schema) {
        return switch (schema.getType()) {
            case UNION ->
                nothing(schema.getTypes().stream()
                        .filter(branch -> branch.getType() != Schema.Type.NULL)
                        .findFirst()
                        .orElseThrow());
            case RECORD -> {
                SpecificRecord record = (SpecificRecord) SpecificData.get().newRecord(null, schema);
                for (Schema.Field field : schema.getFields()) {
                    record.put(
                            field.pos(),
                            field.hasDefaultValue()
                                    ? SpecificData.getForSchema(schema).getDefaultValue(field)
                                    : nothing(field.schema()));
                }
                yield record;
            }
            case ARRAY -> List.of();
            case MAP -> Map.of();
            case BYTES -> ByteBuffer.allocate(0);
            case INT -> 0;
            case LONG -> schema.getLogicalType() == null ? (Object) 0L : Instant.EPOCH;
            case DOUBLE -> 0.0;
            case BOOLEAN -> false;
            default -> "";
        };
    }

    private void field(NodeTuple entry, Schema schema, String path, SpecificRecord record, Set<String> seen) {
        if (!(entry.getKeyNode() instanceof ScalarNode key)) {
            problem(entry.getKeyNode(), "a key has to be a name");
            return;
        }
        String name = key.getValue();
        boolean base64 = schema.getFullName().equals(CUSTOM) && name.equals("body_base64");
        Optional<PeoplesForm> form = PeoplesForm.named(schema.getFullName(), name);
        Schema.Field field =
                schema.getField(base64 ? "body" : form.map(PeoplesForm::field).orElse(name));
        if (field == null) {
            problem(key, unknown(name, schema, path));
            Spelling.nearest(name, names(schema)).ifPresent(near -> places.meantBy(FilePlaces.below(path, near), key));
            return;
        }
        if (!seen.add(field.name())) {
            problem(key, FilePlaces.below(path, name) + " is set twice: leave one of them");
            return;
        }
        Node value = entry.getValueNode();
        String where = FilePlaces.below(path, name);
        places.put(where, value);
        Object read;
        if (base64) {
            read = text(
                    value,
                    where,
                    "Base64",
                    text -> ByteBuffer.wrap(Base64.getDecoder().decode(text)));
        } else if (schema.getFullName().equals(CUSTOM) && field.name().equals("body")) {
            read = body(value, where);
        } else if (schema.getFullName().equals(INPUT) && field.name().equals("columns")) {
            read = value instanceof MappingNode mapping
                    ? columns(mapping, field.schema(), where)
                    : value(value, field.schema(), where);
        } else {
            read = switch (form.map(PeoplesForm::kind).orElse(PeoplesForm.Kind.AS_IS)) {
                case AS_IS -> value(value, field.schema(), where);
                case DURATION ->
                    text(
                            value,
                            where,
                            "a duration such as 90s, 30m or 2h",
                            text -> Durations.parse(text).toMillis());
                case CPU -> text(value, where, "cores such as 2, 0.5 or 500m", Quantities::cpuMillis);
                case BYTES -> text(value, where, "a size such as 512Mi or 4Gi", Quantities::bytes);
            };
        }
        if (read != null || field.schema().isNullable()) {
            record.put(field.pos(), read);
        }
    }

    private @Nullable Object value(Node node, Schema schema, String path) {
        if (schema.getType() == Schema.Type.UNION) {
            return union(node, schema, path);
        }
        return switch (schema.getType()) {
            case RECORD -> record(node, schema, path);
            case ARRAY -> array(node, schema, path);
            case MAP -> map(node, schema, path);
            case STRING -> text(node, path, "text", text -> text);
            case INT -> text(node, path, "a whole number", Integer::valueOf);
            case LONG -> instantOrLong(node, schema, path);
            case DOUBLE -> text(node, path, "a number", Double::valueOf);
            case BOOLEAN -> bool(node, path);
            default -> throw new IllegalStateException("no job file form for " + schema);
        };
    }

    private @Nullable Object union(Node node, Schema schema, String path) {
        if (isNull(node)) {
            if (!schema.isNullable()) {
                refuse(node, path, "not null");
            }
            return null;
        }
        List<Schema> branches = schema.getTypes().stream()
                .filter(branch -> branch.getType() != Schema.Type.NULL)
                .toList();
        return branches.size() == 1 ? value(node, branches.get(0), path) : scalar(node, path);
    }

    /** A value of an inline column, of the type that it is written in. */
    private @Nullable Object scalar(Node node, String path) {
        if (!(node instanceof ScalarNode scalar)) {
            refuse(node, path, "a single value: text, number, true, false or null");
            return null;
        }
        Tag tag = scalar.getTag();
        if ((tag.equals(Tag.INT) || tag.equals(Tag.FLOAT))
                && LEADING_ZERO.matcher(scalar.getValue()).lookingAt()) {
            // A postal code or a flight number more often than a number: read as one it would be another value.
            refuse(
                    node,
                    path,
                    "without the leading zero: quote it if it is text, leave the zero out if it is a number");
            return null;
        }
        if (tag.equals(Tag.INT)) {
            return text(node, path, "a whole number of 64 bits", JobFileReader::integer);
        }
        if (tag.equals(Tag.FLOAT)) {
            return text(node, path, "a number", JobFileReader::number);
        }
        return tag.equals(Tag.BOOL)
                ? (Object) Boolean.valueOf(scalar.getValue().equalsIgnoreCase("true"))
                : scalar.getValue();
    }

    /** Whole numbers as YAML 1.2 writes them: decimal, {@code 0o17} or {@code 0x1F}. */
    private static Long integer(String text) {
        if (text.startsWith("0o")) {
            return Long.valueOf(text.substring(2), 8);
        }
        return text.startsWith("0x") ? Long.valueOf(text.substring(2), 16) : Long.valueOf(text);
    }

    private static Double number(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case ".nan" -> Double.NaN;
            case ".inf", "+.inf" -> Double.POSITIVE_INFINITY;
            case "-.inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.valueOf(text);
        };
    }

    private List<@Nullable Object> array(Node node, Schema schema, String path) {
        List<@Nullable Object> values = new ArrayList<>();
        if (node instanceof SequenceNode sequence) {
            int index = 0;
            for (Node item : sequence.getValue()) {
                String where = path + "[" + index++ + "]";
                places.put(where, item);
                values.add(item(item, schema.getElementType(), where));
            }
        } else if (node instanceof ScalarNode && !isNull(node)) {
            // One value where a list may stand is a list of one.
            values.add(item(node, schema.getElementType(), path));
        } else {
            refuse(node, path, "a list");
        }
        return values;
    }

    /** A value of a list; nothing in particular where it could not be read, so that the others can be checked. */
    private @Nullable Object item(Node node, Schema schema, String path) {
        Object read = value(node, schema, path);
        return read == null && !schema.isNullable() ? nothing(schema) : read;
    }

    private Map<String, @Nullable Object> map(Node node, Schema schema, String path) {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        if (!(node instanceof MappingNode mapping)) {
            refuse(node, path, "a mapping of names to values");
            return values;
        }
        for (NodeTuple entry : mapping.getValue()) {
            String key = entry.getKeyNode() instanceof ScalarNode scalar ? scalar.getValue() : "";
            if (values.containsKey(key)) {
                problem(entry.getKeyNode(), FilePlaces.below(path, key) + " is set twice: leave one of them");
            }
            places.put(FilePlaces.below(path, key), entry.getValueNode());
            Object read = value(entry.getValueNode(), schema.getValueType(), FilePlaces.below(path, key));
            values.put(key, read == null ? nothing(schema.getValueType()) : read);
        }
        return values;
    }

    /** Columns in the form of a mapping from the name to the list of values. */
    private List<Object> columns(MappingNode mapping, Schema schema, String path) {
        Schema column = schema.getTypes().stream()
                .filter(branch -> branch.getType() == Schema.Type.ARRAY)
                .map(Schema::getElementType)
                .filter(element -> element.getFullName().equals(INLINE_COLUMN))
                .findFirst()
                .orElseThrow();
        List<Object> columns = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (NodeTuple entry : mapping.getValue()) {
            String name = entry.getKeyNode() instanceof ScalarNode scalar ? scalar.getValue() : "";
            if (!seen.add(name)) {
                problem(entry.getKeyNode(), FilePlaces.below(path, name) + " is set twice: leave one of them");
            }
            places.put(path + "[" + columns.size() + "]", entry.getValueNode());
            SpecificRecord record = (SpecificRecord) SpecificData.get().newRecord(null, column);
            record.put(column.getField("name").pos(), name);
            record.put(
                    column.getField("values").pos(),
                    array(entry.getValueNode(), column.getField("values").schema(), FilePlaces.below(path, name)));
            columns.add(record);
        }
        return columns;
    }

    /** The body of a custom payload: text as it is, everything else as JSON. */
    private @Nullable ByteBuffer body(Node node, String path) {
        try {
            String text = node instanceof ScalarNode scalar && scalar.getTag().equals(Tag.STR)
                    ? scalar.getValue()
                    : JSON.writeValueAsString(plain(node, path));
            return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            refuse(node, path, "what JSON can say");
            return null;
        }
    }

    private @Nullable Object plain(Node node, String path) {
        if (node instanceof MappingNode mapping) {
            Map<String, @Nullable Object> values = new LinkedHashMap<>();
            for (NodeTuple entry : mapping.getValue()) {
                String key = entry.getKeyNode() instanceof ScalarNode scalar ? scalar.getValue() : "";
                values.put(key, plain(entry.getValueNode(), FilePlaces.below(path, key)));
            }
            return values;
        }
        if (node instanceof SequenceNode sequence) {
            List<@Nullable Object> values = new ArrayList<>();
            for (Node item : sequence.getValue()) {
                values.add(plain(item, path));
            }
            return values;
        }
        return isNull(node) ? null : scalar(node, path);
    }

    private @Nullable Object bool(Node node, String path) {
        if (node instanceof ScalarNode scalar && scalar.getTag().equals(Tag.BOOL)) {
            return scalar.getValue().equalsIgnoreCase("true");
        }
        refuse(node, path, "true or false");
        return null;
    }

    private @Nullable Object instantOrLong(Node node, Schema schema, String path) {
        LogicalType type = schema.getLogicalType();
        if (type == null) {
            return text(node, path, "a whole number", Long::valueOf);
        }
        if (moments != null
                && node instanceof ScalarNode scalar
                && scalar.getValue().contains("{{")) {
            moments.put(path, scalar.getValue());
            return Instant.EPOCH;
        }
        ChronoUnit unit = type instanceof LogicalTypes.TimestampMicros ? ChronoUnit.MICROS : ChronoUnit.MILLIS;
        Instant read = text(
                node,
                path,
                "an instant in ISO 8601 with an offset or Z, such as 2001-07-01T00:00:00Z",
                text -> instant(text).truncatedTo(unit));
        // Avro copies a record by way of these numbers, before any rule of a job is looked at.
        Instant first = Instant.EPOCH.plus(Long.MIN_VALUE, unit);
        Instant last = Instant.EPOCH.plus(Long.MAX_VALUE, unit);
        if (read != null && (read.isBefore(first) || read.isAfter(last))) {
            refuse(node, path, "from " + first + " to " + last);
            return null;
        }
        return read;
    }

    private static Instant instant(String text) {
        return OffsetDateTime.parse(text).toInstant();
    }

    private <T> @Nullable T text(Node node, String path, String rule, Function<String, T> parse) {
        if (node instanceof ScalarNode scalar && !isNull(node)) {
            try {
                return parse.apply(scalar.getValue());
            } catch (IllegalArgumentException | DateTimeException | ArithmeticException e) {
                refuse(node, path, rule);
                return null;
            }
        }
        refuse(node, path, rule);
        return null;
    }

    static boolean isNull(Node node) {
        return node.getTag().equals(Tag.NULL);
    }

    static List<String> names(Schema schema) {
        List<String> names = new ArrayList<>(
                schema.getFields().stream().map(Schema.Field::name).toList());
        names.addAll(PeoplesForm.names(schema.getFullName()));
        return names;
    }

    private static String unknown(String name, Schema schema, String path) {
        List<String> known = names(schema);
        String where = path.isEmpty() ? aOrAn(schema.getName()) : path;
        return "unknown key " + name + " in " + where
                + Spelling.nearest(name, known)
                        .map(near -> ": did you mean " + near + "?")
                        .orElse(": allowed are " + String.join(", ", known));
    }

    /** The name of a record as words: {@code a job}, {@code an offline query}. */
    private static String aOrAn(String name) {
        String words = name.replaceAll("(?<=[a-z])(?=[A-Z])", " ").toLowerCase(Locale.ROOT);
        return ("aeiou".indexOf(words.charAt(0)) >= 0 ? "an " : "a ") + words;
    }

    private void refuse(Node node, String path, String rule) {
        problem(node, (path.isEmpty() ? "the file" : path) + " is " + found(node) + ": it has to be " + rule);
    }

    /** A key and its value, as the beginning of a message. */
    static String said(ScalarNode key, Node value) {
        return key.getValue() + " is " + found(value);
    }

    private static String found(Node node) {
        return node instanceof ScalarNode scalar
                ? (scalar.getValue().length() > 80 ? scalar.getValue().substring(0, 80) + "…" : scalar.getValue())
                : node instanceof MappingNode ? "a mapping" : "a list";
    }

    void problem(Node node, String message) {
        places.wrong(node);
        Optional<Mark> mark = node.getStartMark();
        problems.add(new Problem(
                file,
                mark.map(at -> at.getLine() + 1).orElse(1),
                mark.map(at -> at.getColumn() + 1).orElse(1),
                message));
    }
}
