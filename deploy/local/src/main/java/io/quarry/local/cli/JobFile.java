package io.quarry.local.cli;

import io.quarry.avro.InlineColumn;
import io.quarry.avro.Job;
import io.quarry.avro.OfflineQuery;
import io.quarry.engine.catalog.Problem;
import io.quarry.schemas.Quantities;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.composer.Composer;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/**
 * A job as people write it: YAML or JSON whose keys are the names of the Avro schema, with forms for people beside them
 * ({@code timeout: 2h}, {@code resources: {cpu: 2, memory: 4Gi}}, columns as a mapping). A file with an offline query alone,
 * that is with {@code input} or {@code outputs} on top, is a job of that query with everything else left to its default.
 */
final class JobFile {
    private static final Set<String> QUERY_KEYS = Set.of("input", "outputs");

    private JobFile() {}

    /**
     * Reads a job. Its id is empty when the file has none.
     *
     * @param name name of the file, for errors
     * @throws JobFileException with every error at its line
     */
    static Job parse(String text, String name) throws JobFileException {
        Node root = compose(text, name);
        JobFileReader reader = new JobFileReader(name);
        Job job;
        if (isQuery(root)) {
            refuseJobKeys((MappingNode) root, reader);
            stopAt(reader);
            OfflineQuery query = (OfflineQuery) reader.record(root, OfflineQuery.getClassSchema(), "");
            stopAt(reader);
            job = Job.newBuilder().setId("").setOfflineQuery(query).build();
        } else {
            job = (Job) reader.record(root, Job.getClassSchema(), "");
            stopAt(reader);
        }
        return job;
    }

    /** The job in the form for people, defaults left out. */
    static Map<String, Object> tree(Job job) {
        return record(job);
    }

    private static void stopAt(JobFileReader reader) throws JobFileException {
        if (!reader.problems().isEmpty()) {
            throw new JobFileException(reader.problems().stream()
                    .sorted(Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column))
                    .toList());
        }
    }

    static Node compose(String text, String name) throws JobFileException {
        LoadSettings settings = LoadSettings.builder()
                .setLabel(name)
                .setSchema(new CoreSchema())
                .setUseMarks(true)
                .setCodePointLimit(Integer.MAX_VALUE)
                // Bounded by what aliases stand for, not by their number.
                .setMaxAliasesForCollections(Integer.MAX_VALUE)
                .build();
        // JSON may be indented with tabs, which YAML forbids; within its strings a tab is always escaped.
        boolean json = text.stripLeading().startsWith("{");
        StreamReader reader = new StreamReader(settings, json ? text.replace('\t', ' ') : text);
        BoundedYaml events = new BoundedYaml(new ParserImpl(settings, reader));
        try {
            Optional<Node> root = new Composer(settings, events).getSingleNode();
            return root.orElseThrow(() -> new JobFileException(List.of(new Problem(name, 1, 1, "the file is empty"))));
        } catch (YamlEngineException e) {
            throw new JobFileException(List.of(problem(name, e, events.bare())));
        }
    }

    /**
     * What YAML found wrong.
     *
     * @param bare where two braces begin a value: they begin two mappings, one of them the key of the other, and what YAML
     *     makes of that is said elsewhere and in other words, or without a place
     */
    private static Problem problem(String name, YamlEngineException e, @Nullable Mark bare) {
        Optional<Mark> at = Optional.ofNullable(bare)
                .or(() -> e instanceof MarkedYamlEngineException marked ? marked.getProblemMark() : Optional.empty());
        String what =
                e instanceof MarkedYamlEngineException marked ? marked.getProblem() : String.valueOf(e.getMessage());
        return new Problem(
                name,
                at.map(mark -> mark.getLine() + 1).orElse(1),
                at.map(mark -> mark.getColumn() + 1).orElse(1),
                e instanceof BoundedYaml.Excess
                        ? what
                        : "neither YAML nor JSON: "
                                + (bare != null
                                        ? "a placeholder has to stand in quotes where it begins a value, such as"
                                                + " \"{{tick.time}}\""
                                        : what));
    }

    /** Keys of a job beside a query: one line that says how to write both, instead of one about each key. */
    private static void refuseJobKeys(MappingNode root, JobFileReader reader) {
        List<NodeTuple> entries = root.getValue().stream()
                .filter(entry -> entry.getKeyNode() instanceof ScalarNode key
                        && JobFileReader.names(Job.getClassSchema()).contains(key.getValue())
                        && OfflineQuery.getClassSchema().getField(key.getValue()) == null)
                .toList();
        if (entries.isEmpty()) {
            return;
        }
        String keys = entries.stream()
                .map(entry -> ((ScalarNode) entry.getKeyNode()).getValue())
                .collect(Collectors.joining(", "));
        reader.problem(
                entries.get(0).getKeyNode(),
                JobFileReader.said(
                                (ScalarNode) entries.get(0).getKeyNode(),
                                entries.get(0).getValueNode())
                        + ": a file with input or outputs on top is an offline query alone and takes no key of a job ("
                        + keys + "): write 'offline_query:' on top, and the query indented below it");
    }

    private static boolean isQuery(Node root) {
        if (!(root instanceof MappingNode mapping)) {
            return false;
        }
        Set<String> keys = mapping.getValue().stream()
                .filter(entry -> entry.getKeyNode() instanceof ScalarNode)
                .map(entry -> ((ScalarNode) entry.getKeyNode()).getValue())
                .collect(Collectors.toSet());
        return !keys.contains("offline_query") && keys.stream().anyMatch(QUERY_KEYS::contains);
    }

    private static Map<String, Object> record(SpecificRecord record) {
        Map<String, Object> tree = new LinkedHashMap<>();
        Schema schema = record.getSchema();
        for (Schema.Field field : schema.getFields()) {
            Object value = record.get(field.pos());
            if (value == null || isDefault(schema, field, value)) {
                continue;
            }
            Optional<PeoplesForm> form = PeoplesForm.ofField(schema.getFullName(), field.name());
            if (form.isPresent() && value instanceof Long number) {
                tree.put(form.get().name(), format(form.get().kind(), number));
            } else if (value instanceof ByteBuffer bytes) {
                body(tree, field.name(), bytes);
            } else {
                tree.put(field.name(), value(value));
            }
        }
        return tree;
    }

    private static boolean isDefault(Schema schema, Schema.Field field, Object value) {
        return field.hasDefaultValue()
                && Objects.equals(value, SpecificData.getForSchema(schema).getDefaultValue(field));
    }

    private static Object value(Object value) {
        if (value instanceof SpecificRecord record) {
            return record(record);
        }
        if (value instanceof List<?> list) {
            return list(list);
        }
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> tree = new LinkedHashMap<>();
            map.forEach((key, item) -> tree.put(String.valueOf(key), value(item)));
            return tree;
        }
        return value instanceof Number || value instanceof Boolean ? value : value.toString();
    }

    private static Object list(List<?> list) {
        if (!list.isEmpty() && list.get(0) instanceof InlineColumn) {
            Map<String, Object> columns = new LinkedHashMap<>();
            for (Object item : list) {
                InlineColumn column = (InlineColumn) item;
                columns.put(column.getName(), new ArrayList<>(column.getValues()));
            }
            // A name that stands twice is for the rules to refuse; the mapping would lose one of them.
            if (columns.size() == list.size()) {
                return columns;
            }
        }
        List<Object> values = new ArrayList<>();
        list.forEach(item -> values.add(value(item)));
        return values;
    }

    private static void body(Map<String, Object> tree, String name, ByteBuffer bytes) {
        try {
            tree.put(
                    name,
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(bytes.duplicate())
                            .toString());
        } catch (CharacterCodingException e) {
            byte[] raw = new byte[bytes.remaining()];
            bytes.duplicate().get(raw);
            tree.put(name + "_base64", Base64.getEncoder().encodeToString(raw));
        }
    }

    private static String format(PeoplesForm.Kind kind, long value) {
        return switch (kind) {
            case CPU -> Quantities.formatCpu(value);
            case DURATION -> Durations.format(Duration.ofMillis(value));
            case BYTES -> Quantities.formatBytes(value);
            case AS_IS -> Long.toString(value);
        };
    }
}
