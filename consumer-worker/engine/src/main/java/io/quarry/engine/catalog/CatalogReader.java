package io.quarry.engine.catalog;

import io.quarry.engine.catalog.Source.Format;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Reads one catalog file: first sources and entities, then the features against them. Goes on after an error to find them all. */
final class CatalogReader {
    private static final Pattern CSV_LINE = Pattern.compile("CSV Error on Line: (\\d+)");
    private static final Pattern CSV_FILE = Pattern.compile("(?m)^ *file ?= ?(/.*)$");
    private static final Pattern CSV_REASON =
            Pattern.compile("(?m)^(Error when|Expected|Value with|Maximum|Invalid).*$");

    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,62}");
    private static final Pattern KEY = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,62}");
    private static final Set<String> KEY_TYPES = Set.of(
            "BOOLEAN",
            "TINYINT",
            "SMALLINT",
            "INTEGER",
            "BIGINT",
            "VARCHAR",
            "DATE",
            "TIMESTAMP",
            "TIMESTAMP WITH TIME ZONE",
            "UUID");

    private static final Map<String, Format> FORMATS = Map.of("parquet", Format.PARQUET, "csv", Format.CSV);

    private final Path directory;
    private final Problems problems;
    private final DataProbe probe;
    private final Set<Path> files = new LinkedHashSet<>();
    private final Map<String, Source> sources = new LinkedHashMap<>();
    /** Names of all sources, the broken ones included: what refers to those is not an error of its own. */
    private final Set<String> sourceNames = new LinkedHashSet<>();

    private final Map<String, Entity> entities = new LinkedHashMap<>();
    private final Set<String> entityNames = new LinkedHashSet<>();

    private CatalogReader(Path directory, Problems problems, DataProbe probe) {
        this.directory = directory;
        this.problems = problems;
        this.probe = probe;
    }

    static Catalog read(Path file) throws CatalogException {
        Problems problems = new Problems(file.toString());
        Optional<Node> root = compose(file, problems);
        problems.throwIfAny();
        if (root.isEmpty()) {
            problems.at(1, 1, "the catalog is empty; it needs version, entities and features");
            problems.throwIfAny();
        }
        Path directory = file.toAbsolutePath().normalize().getParent();
        try (DataProbe probe = new DataProbe()) {
            CatalogReader reader = new CatalogReader(directory == null ? Path.of("/") : directory, problems, probe);
            Map<String, Feature> features = reader.read(root.orElseThrow());
            problems.throwIfAny();
            return new Catalog(
                    file,
                    hash(root.orElseThrow()),
                    List.copyOf(reader.files),
                    reader.sources,
                    reader.entities,
                    features);
        } catch (SQLException e) {
            throw new IllegalStateException("the database that checks catalogs does not work", e);
        }
    }

    private static Optional<Node> compose(Path file, Problems problems) {
        try {
            return new Compose(LoadSettings.builder().setLabel(file.toString()).build())
                    .composeString(Files.readString(file));
        } catch (MarkedYamlEngineException e) {
            Mark mark = e.getProblemMark().orElse(null);
            String problem = e.getProblem();
            problems.at(
                    mark == null ? 1 : mark.getLine() + 1,
                    mark == null ? 1 : mark.getColumn() + 1,
                    "not YAML: " + (problem == null ? "it cannot be parsed" : problem));
        } catch (YamlEngineException e) {
            problems.at(1, 1, "not YAML: " + firstLine(e));
        } catch (StackOverflowError e) {
            // The composer goes down with the file's nesting; nothing outlives it that could be half done.
            problems.at(1, 1, "lists and mappings lie too deep in one another: no catalog needs that");
        } catch (IOException e) {
            problems.at(
                    1,
                    1,
                    "the catalog cannot be read: " + (Files.exists(file) ? firstLine(e) : "there is no such file"));
        }
        return Optional.empty();
    }

    private Map<String, Feature> read(Node root) {
        Fields fields = new Fields(root, "the catalog", problems);
        fields.allow(Set.of("version", "description", "sources", "entities", "features"));
        fields.required("version").ifPresent(version -> {
            if (!version.equals("1")) {
                problems.at(fields.place("version"), "version " + version + " is not known; it must be 1");
            }
        });
        if (fields.has("sources")) {
            Fields all = fields.fields("sources", "sources");
            for (String name : all.names()) {
                sourceNames.add(name);
                if (name.startsWith("quarry_")) {
                    problems.at(all.key(name), "source name " + name + " must not begin with quarry_");
                }
                name(all, name, "source");
                source(name, all.fields(name, "source " + name)).ifPresent(source -> sources.put(name, source));
            }
        }
        Fields all = fields.fields("entities", "entities");
        for (String name : all.names()) {
            entityNames.add(name);
            name(all, name, "entity");
            entity(name, all.fields(name, "entity " + name)).ifPresent(entity -> entities.put(name, entity));
        }
        return new FeatureReader(problems, probe, sources, sourceNames, entities, entityNames)
                .read(fields.fields("features", "features"));
    }

    private void name(Fields all, String name, String what) {
        if (!NAME.matcher(name).matches()) {
            problems.at(
                    all.key(name),
                    what + " name " + name + " must be 1 to 63 characters of a-z 0-9 _, beginning with a letter");
        }
    }

    private Optional<Source> source(String name, Fields fields) {
        fields.allow(Set.of("description", "files", "format", "event_time", "created_at", "columns"));
        List<String> names = new ArrayList<>();
        List<String> patterns = new ArrayList<>();
        if (!fields.has("files")) {
            fields.required("files");
            return Optional.empty();
        }
        boolean complete = true;
        for (ScalarNode pattern : fields.texts("files")) {
            String path = directory.resolve(pattern.getValue()).normalize().toString();
            List<String> matches = matches(path);
            if (matches.isEmpty()) {
                problems.at(
                        pattern,
                        "file " + pattern.getValue() + " of source " + name + " does not exist; looked for " + path);
                complete = false;
            }
            matches.forEach(match -> files.add(Path.of(match)));
            names.add(path);
            patterns.addAll(matches);
        }
        Optional<Format> format = format(name, fields, names);
        if (!complete || format.isEmpty() || patterns.isEmpty()) {
            return Optional.empty();
        }
        Optional<Map<String, String>> columns = columns(name, fields, patterns, format.orElseThrow());
        if (columns.isEmpty()) {
            return Optional.empty();
        }
        Map<String, String> types = columns.orElseThrow();
        Optional<String> eventTime = time(name, fields, "event_time", types);
        Optional<String> createdAt = time(name, fields, "created_at", types);
        if (fields.has("created_at") && !fields.has("event_time")) {
            problems.at(fields.place("created_at"), "created_at of source " + name + " needs an event_time as well");
        }
        if ((fields.has("event_time") && eventTime.isEmpty()) || (fields.has("created_at") && createdAt.isEmpty())) {
            return Optional.empty();
        }
        return Optional.of(
                new Source(name, patterns, format.orElseThrow(), eventTime, createdAt, types, bytes(patterns)));
    }

    private List<String> matches(String path) {
        if (path.matches(".*[*?\\[].*")) {
            try {
                return probe.files(path);
            } catch (SQLException e) {
                return List.of();
            }
        }
        return Files.isReadable(Path.of(path)) && Files.isRegularFile(Path.of(path)) ? List.of(path) : List.of();
    }

    private Optional<Format> format(String name, Fields fields, List<String> patterns) {
        Optional<String> said = fields.text("format");
        if (said.isPresent()) {
            Optional<Format> known = FORMATS.entrySet().stream()
                    .filter(entry -> entry.getKey().equals(said.orElseThrow()))
                    .map(Map.Entry::getValue)
                    .findFirst();
            if (known.isEmpty()) {
                problems.at(
                        fields.place("format"),
                        "format " + said.orElseThrow() + " of source " + name + " must be parquet or csv");
            }
            return known;
        }
        String first = patterns.isEmpty() ? "" : patterns.get(0).toLowerCase(Locale.ROOT);
        if (first.endsWith(".parquet")) {
            return Optional.of(Format.PARQUET);
        }
        if (first.endsWith(".csv") || first.endsWith(".csv.gz")) {
            return Optional.of(Format.CSV);
        }
        problems.at(
                fields.place("files"),
                "source " + name + " needs the field format, parquet or csv: its file's name does not tell");
        return Optional.empty();
    }

    private Optional<Map<String, String>> columns(String name, Fields fields, List<String> patterns, Format format) {
        Map<String, String> stated = new LinkedHashMap<>();
        if (fields.has("columns")) {
            if (format == Format.PARQUET) {
                problems.at(
                        fields.key("columns"),
                        "columns of source " + name + " are for csv alone: Parquet files say their types themselves");
            } else {
                Fields types = fields.fields("columns", "columns of source " + name);
                for (String column : types.names()) {
                    type(types, column).ifPresent(type -> stated.put(column, type));
                }
            }
        }
        String list = String.join(", ", patterns.stream().map(Sql::text).toList());
        String scan =
                format == Format.PARQUET ? "read_parquet([" + list + "])" : "read_csv([" + list + "], header = true)";
        try {
            Map<String, String> found = probe.describe("SELECT * FROM " + scan);
            for (Map.Entry<String, String> column : stated.entrySet()) {
                if (found.containsKey(column.getKey())) {
                    found.put(column.getKey(), column.getValue());
                } else {
                    problems.at(fields.place("columns"), noColumn(name, column.getKey(), found.keySet()));
                }
            }
            return Optional.of(found);
        } catch (SQLException e) {
            problems.at(fields.place("files"), "the files of source " + name + " cannot be read: " + whyUnreadable(e));
            return Optional.empty();
        }
    }

    private Optional<String> time(String name, Fields fields, String field, Map<String, String> types) {
        Optional<String> column = fields.text(field);
        if (column.isEmpty()) {
            return Optional.empty();
        }
        String type = types.get(column.orElseThrow());
        if (type == null) {
            problems.at(fields.place(field), noColumn(name, column.orElseThrow(), types.keySet()));
            return Optional.empty();
        }
        if (!TypeFamily.of(type).temporal()) {
            problems.at(
                    fields.place(field),
                    field + " of source " + name + " must be a DATE or TIMESTAMP column; " + column.orElseThrow()
                            + " is " + type);
            return Optional.empty();
        }
        return column;
    }

    private Optional<Entity> entity(String name, Fields fields) {
        fields.allow(Set.of("description", "keys"));
        Fields keys = fields.fields("keys", "keys of entity " + name);
        Map<String, String> types = new LinkedHashMap<>();
        for (String key : keys.names()) {
            if (!KEY.matcher(key).matches()) {
                problems.at(keys.key(key), "key name " + key + " must be up to 63 characters of a-z A-Z 0-9 _");
            }
            type(keys, key).ifPresent(type -> {
                if (KEY_TYPES.contains(type)) {
                    types.put(key, type);
                } else {
                    problems.at(
                            keys.place(key),
                            "key " + key + " of entity " + name + " cannot be " + type + "; a key's type is one of "
                                    + String.join(
                                            ", ", KEY_TYPES.stream().sorted().toList()));
                }
            });
        }
        if (fields.has("keys") && keys.names().isEmpty()) {
            problems.at(fields.place("keys"), "entity " + name + " needs at least one key");
        }
        return types.isEmpty() || types.size() < keys.names().size()
                ? Optional.empty()
                : Optional.of(new Entity(name, types));
    }

    private Optional<String> type(Fields fields, String name) {
        Optional<String> type = fields.text(name);
        if (type.isEmpty()) {
            return fields.has(name) ? Optional.empty() : fields.required(name);
        }
        try {
            if (!type.orElseThrow().matches("[A-Za-z][A-Za-z0-9_ (),]*")) {
                throw new SQLException("no type's name");
            }
            return Optional.of(probe.typeName(type.orElseThrow()));
        } catch (SQLException e) {
            problems.at(fields.place(name), "type " + type.orElseThrow() + " of " + name + " is not known to DuckDB");
            return Optional.empty();
        }
    }

    static String noColumn(String source, String column, Set<String> columns) {
        return "source " + source + " has no column " + column + "; it has " + String.join(", ", columns);
    }

    /** Why files cannot be read. Of CSV the engine's first line says neither in which of them nor what is wrong there. */
    private static String whyUnreadable(SQLException e) {
        String message = String.valueOf(e.getMessage());
        Matcher line = CSV_LINE.matcher(message);
        Matcher path = CSV_FILE.matcher(message);
        Matcher reason = CSV_REASON.matcher(message);
        return line.find() && path.find() && reason.find(line.end())
                ? path.group(1) + ", line " + line.group(1) + ": " + reason.group()
                : firstLine(e);
    }

    static String firstLine(Exception e) {
        String message = e.getMessage();
        return message == null
                ? e.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
    }

    private static String hash(Node root) {
        try {
            StringBuilder text = new StringBuilder();
            render(root, text);
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256")
                            .digest(text.toString().getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Content alone: names sorted, no comments, layout or places. A checked catalog is finite: its leaves are texts. */
    private static void render(@Nullable Node node, StringBuilder text) {
        if (node instanceof ScalarNode scalar) {
            text.append(scalar.getValue().length()).append(':').append(scalar.getValue());
        } else if (node instanceof SequenceNode sequence) {
            text.append('[');
            sequence.getValue().forEach(item -> render(item, text));
            text.append(']');
        } else if (node instanceof MappingNode mapping) {
            Map<String, Node> sorted = new TreeMap<>();
            for (NodeTuple tuple : mapping.getValue()) {
                sorted.put(((ScalarNode) tuple.getKeyNode()).getValue(), tuple.getValueNode());
            }
            text.append('{');
            sorted.forEach((name, value) -> {
                if (!name.equals("description")) {
                    text.append(name.length()).append(':').append(name);
                    render(value, text);
                }
            });
            text.append('}');
        }
    }

    private static long bytes(List<String> files) {
        return files.stream().mapToLong(file -> Path.of(file).toFile().length()).sum();
    }
}
