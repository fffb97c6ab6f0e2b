package io.quarry.engine.catalog;

import io.quarry.engine.catalog.Definition.Aggregate;
import io.quarry.engine.catalog.Definition.Expression;
import io.quarry.engine.catalog.Definition.Function;
import io.quarry.engine.catalog.Definition.Join;
import io.quarry.engine.catalog.Definition.Latest;
import io.quarry.engine.catalog.Definition.Lookup;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.Node;

/** Reads the features of a catalog whose sources and entities are known, and finds their types. */
final class FeatureReader {
    private static final Pattern NAME = Pattern.compile("([a-z][a-z0-9_]{0,62})\\.([a-z][a-z0-9_]{0,62})");
    private static final Set<String> KINDS = Set.of("latest", "aggregate", "feature", "sql");

    private final Problems problems;
    private final DataProbe probe;
    private final Map<String, Source> sources;
    private final Set<String> sourceNames;
    private final Map<String, Entity> entities;
    private final Set<String> entityNames;
    private final Map<String, Draft> drafts = new LinkedHashMap<>();
    private final Map<String, Definition> definitions = new LinkedHashMap<>();
    private final Map<String, String> types = new LinkedHashMap<>();
    private final Set<String> done = new LinkedHashSet<>();

    private record Draft(Entity entity, String name, Node place, Fields fields) {
        String fullName() {
            return entity.name() + "." + name;
        }
    }

    FeatureReader(
            Problems problems,
            DataProbe probe,
            Map<String, Source> sources,
            Set<String> sourceNames,
            Map<String, Entity> entities,
            Set<String> entityNames) {
        this.problems = problems;
        this.probe = probe;
        this.sources = sources;
        this.sourceNames = sourceNames;
        this.entities = entities;
        this.entityNames = entityNames;
    }

    Map<String, Feature> read(Fields all) {
        Set<String> broken = new LinkedHashSet<>();
        for (String fullName : all.names()) {
            draft(all, fullName).ifPresentOrElse(draft -> drafts.put(fullName, draft), () -> broken.add(fullName));
        }
        for (Draft draft : drafts.values()) {
            definition(draft, broken).ifPresent(definition -> definitions.put(draft.fullName(), definition));
        }
        Map<String, Feature> features = new LinkedHashMap<>();
        for (Draft draft : drafts.values()) {
            resolve(draft.fullName(), new ArrayList<>());
        }
        for (Draft draft : drafts.values()) {
            String fullName = draft.fullName();
            Definition definition = definitions.get(fullName);
            String type = types.get(fullName);
            if (definition != null && type != null) {
                features.put(fullName, new Feature(draft.entity().name(), draft.name(), definition, type));
            }
        }
        return features;
    }

    private Optional<Draft> draft(Fields all, String fullName) {
        Node place = all.key(fullName);
        var matcher = NAME.matcher(fullName);
        if (!matcher.matches()) {
            problems.at(place, "feature name " + fullName + " must be entity.feature in a-z 0-9 _");
            return Optional.empty();
        }
        String entityName = matcher.group(1);
        Fields fields = all.fields(fullName, "feature " + fullName);
        Entity entity = entities.get(entityName);
        if (entity == null) {
            if (!entityNames.contains(entityName)) {
                problems.at(
                        place,
                        "feature " + fullName + " is of entity " + entityName + ", which is not defined"
                                + Nearest.hint(entityName, entityNames));
            }
            return Optional.empty();
        }
        String name = matcher.group(2);
        for (String key : entity.keys().keySet()) {
            if (key.equalsIgnoreCase(name)) {
                problems.at(place, "duplicate name: " + name + " is a key of entity " + entityName + " already");
            }
        }
        return Optional.of(new Draft(entity, name, place, fields));
    }

    private Optional<Definition> definition(Draft draft, Set<String> broken) {
        Fields fields = draft.fields();
        List<String> kinds = KINDS.stream().filter(fields::has).sorted().toList();
        String title = "feature " + draft.fullName();
        if (kinds.size() > 1) {
            problems.at(fields.key(kinds.get(1)), title + " has both " + kinds.get(0) + " and " + kinds.get(1));
            return Optional.empty();
        }
        String kind = kinds.isEmpty() ? "column" : kinds.get(0);
        if (kind.equals("column") && !fields.has("column")) {
            problems.at(
                    draft.place(),
                    title + " needs one of column, latest, aggregate, feature, sql: where its value comes from");
            return Optional.empty();
        }
        return switch (kind) {
            case "sql" -> {
                fields.allow(Set.of("description", "sql"));
                yield expression(draft, broken);
            }
            case "feature" -> {
                fields.allow(Set.of("description", "feature", "through"));
                yield join(draft, broken);
            }
            case "latest" -> {
                fields.allow(Set.of("description", "source", "on", "latest", "ttl", "as_of"));
                yield latest(draft);
            }
            case "aggregate" -> {
                fields.allow(Set.of("description", "source", "on", "aggregate", "column", "over", "as_of"));
                yield aggregate(draft);
            }
            default -> {
                fields.allow(Set.of("description", "source", "on", "column"));
                yield lookup(draft);
            }
        };
    }

    private Optional<Definition> lookup(Draft draft) {
        Optional<Source> source = source(draft);
        if (source.isEmpty()) {
            return Optional.empty();
        }
        if (source.orElseThrow().eventTime().isPresent()) {
            problems.at(
                    draft.fields().key("column"),
                    "feature " + draft.fullName() + " reads source "
                            + source.orElseThrow().name()
                            + ", which has an event_time: say latest or aggregate, so that it is as of the row's time");
            return Optional.empty();
        }
        Optional<Map<String, String>> on = on(draft, source.orElseThrow());
        Optional<String> column = column(draft, source.orElseThrow(), "column");
        if (on.isEmpty() || column.isEmpty()) {
            return Optional.empty();
        }
        types.put(draft.fullName(), source.orElseThrow().type(column.orElseThrow()));
        return Optional.of(new Lookup(source.orElseThrow().name(), on.orElseThrow(), column.orElseThrow()));
    }

    private Optional<Definition> latest(Draft draft) {
        Optional<Source> source = source(draft).filter(it -> timed(draft, it, "latest"));
        Optional<Long> ttl = duration(draft, "ttl");
        Optional<Boolean> before = before(draft);
        if (source.isEmpty()) {
            return Optional.empty();
        }
        Optional<Map<String, String>> on = on(draft, source.orElseThrow());
        Optional<String> column = column(draft, source.orElseThrow(), "latest");
        if (on.isEmpty() || column.isEmpty() || before.isEmpty()) {
            return Optional.empty();
        }
        types.put(draft.fullName(), source.orElseThrow().type(column.orElseThrow()));
        return Optional.of(new Latest(
                source.orElseThrow().name(), on.orElseThrow(), column.orElseThrow(), ttl, before.orElseThrow()));
    }

    private Optional<Definition> aggregate(Draft draft) {
        Fields fields = draft.fields();
        Optional<Source> source = source(draft).filter(it -> timed(draft, it, "aggregate"));
        Optional<Function> function = function(draft);
        fields.required("over");
        Optional<Long> over = duration(draft, "over");
        Optional<Boolean> before = before(draft);
        if (source.isEmpty()) {
            return Optional.empty();
        }
        Optional<Map<String, String>> on = on(draft, source.orElseThrow());
        Optional<String> column = Optional.empty();
        if (function.isPresent() && (function.orElseThrow() != Function.COUNT || fields.has("column"))) {
            column = column(draft, source.orElseThrow(), "column");
            if (column.isEmpty()) {
                return Optional.empty();
            }
        }
        if (on.isEmpty() || function.isEmpty() || over.isEmpty() || before.isEmpty()) {
            return Optional.empty();
        }
        Optional<String> type = aggregateType(draft, function.orElseThrow(), column.map(source.orElseThrow()::type));
        if (type.isEmpty()) {
            return Optional.empty();
        }
        types.put(draft.fullName(), type.orElseThrow());
        return Optional.of(new Aggregate(
                source.orElseThrow().name(),
                on.orElseThrow(),
                function.orElseThrow(),
                column,
                over.orElseThrow(),
                before.orElseThrow()));
    }

    private Optional<Function> function(Draft draft) {
        String text = draft.fields().text("aggregate").orElse("");
        for (Function function : Function.values()) {
            if (function.name().toLowerCase(Locale.ROOT).equals(text)) {
                return Optional.of(function);
            }
        }
        problems.at(
                draft.fields().place("aggregate"),
                "aggregate " + text + " of feature " + draft.fullName()
                        + " must be one of count, sum, mean, min, max, stddev, approx_distinct, last");
        return Optional.empty();
    }

    private Optional<String> aggregateType(Draft draft, Function function, Optional<String> column) {
        String type = column.orElse("BIGINT");
        TypeFamily family = TypeFamily.of(type);
        boolean arithmetic = function == Function.SUM || function == Function.MEAN || function == Function.STDDEV;
        if (arithmetic && !family.numeric()) {
            problems.at(
                    draft.fields().place("column"),
                    function.name().toLowerCase(Locale.ROOT) + " of feature " + draft.fullName()
                            + " needs a column of numbers; "
                            + draft.fields().text("column").orElse("") + " is " + type);
            return Optional.empty();
        }
        return Optional.of(
                switch (function) {
                    case COUNT, APPROX_DISTINCT -> "BIGINT";
                    case MEAN, STDDEV -> "DOUBLE";
                    case MIN, MAX, LAST -> type;
                    case SUM ->
                        family == TypeFamily.INTEGER
                                ? "BIGINT"
                                : family == TypeFamily.FLOATING
                                        ? "DOUBLE"
                                        : "DECIMAL(38," + type.replaceAll(".*,\\s*(\\d+)\\).*", "$1") + ")";
                });
    }

    private Optional<Definition> join(Draft draft, Set<String> broken) {
        Fields fields = draft.fields();
        String target = fields.text("feature").orElse("");
        Draft other = drafts.get(target);
        if (other == null) {
            if (!broken.contains(target)) {
                problems.at(
                        fields.place("feature"),
                        "feature " + draft.fullName() + " joins " + target + ", which is not defined"
                                + Nearest.hint(target, drafts.keySet()));
            }
            return Optional.empty();
        }
        Fields through =
                fields.has("through") ? fields.fields("through", "through of feature " + draft.fullName()) : null;
        Map<String, String> references = new LinkedHashMap<>();
        if (through != null) {
            for (String key : through.names()) {
                if (!other.entity().keys().containsKey(key)) {
                    problems.at(
                            through.key(key),
                            "entity " + other.entity().name() + " has no key " + key + "; its keys are "
                                    + String.join(", ", other.entity().keys().keySet()));
                }
            }
        }
        for (String key : other.entity().keys().keySet()) {
            boolean said = through != null && through.has(key);
            String reference = said && through != null ? through.text(key).orElse(key) : key;
            Node place = said && through != null ? through.place(key) : draft.place();
            reference(draft, reference, broken).ifPresentOrElse(found -> references.put(key, found), () -> {
                if (!broken.contains(qualified(draft, reference))) {
                    problems.at(
                            place,
                            "key " + key + " of " + other.entity().name() + " comes through " + reference
                                    + ", but entity "
                                    + draft.entity().name() + " has no such key or feature"
                                    + (said ? "" : "; say through: {" + key + ": <key or feature>}"));
                }
            });
        }
        return references.size() < other.entity().keys().size()
                ? Optional.empty()
                : Optional.of(new Join(target, references));
    }

    /** A key's name or the full name of a feature of the same entity. */
    private Optional<String> reference(Draft draft, String reference, Set<String> broken) {
        if (draft.entity().keys().containsKey(reference)) {
            return Optional.of(reference);
        }
        String fullName = qualified(draft, reference);
        boolean own = fullName.startsWith(draft.entity().name() + ".");
        return own && drafts.containsKey(fullName) && !broken.contains(fullName)
                ? Optional.of(fullName)
                : Optional.empty();
    }

    private static String qualified(Draft draft, String reference) {
        return reference.contains(".") ? reference : draft.entity().name() + "." + reference;
    }

    private Optional<Definition> expression(Draft draft, Set<String> broken) {
        Optional<String> sql = draft.fields().text("sql");
        if (sql.isEmpty()) {
            return Optional.empty();
        }
        List<List<String>> references;
        try {
            references = probe.references(sql.orElseThrow());
        } catch (SQLException e) {
            problems.at(
                    draft.fields().place("sql"),
                    "sql of feature " + draft.fullName() + ": " + CatalogReader.firstLine(e));
            return Optional.empty();
        }
        Set<String> used = new LinkedHashSet<>();
        boolean complete = true;
        for (List<String> parts : references) {
            String entity = parts.size() > 1 ? parts.get(0) : draft.entity().name();
            String name = (parts.size() > 1 ? parts.get(1) : parts.get(0)).toLowerCase(Locale.ROOT);
            if (!entity.equals(draft.entity().name())) {
                problems.at(
                        draft.fields().place("sql"),
                        "sql of feature " + draft.fullName() + " uses " + String.join(".", parts)
                                + ", but may use keys and features of "
                                + draft.entity().name()
                                + " alone: bring the other one in by a feature with through");
                complete = false;
            } else if (drafts.containsKey(entity + "." + name)) {
                used.add(entity + "." + name);
            } else if (broken.contains(entity + "." + name)) {
                complete = false;
            } else if (draft.entity().keys().keySet().stream().noneMatch(name::equalsIgnoreCase)) {
                List<String> known = new ArrayList<>(draft.entity().keys().keySet());
                drafts.values().stream()
                        .filter(other -> other.entity().equals(draft.entity()))
                        .forEach(other -> known.add(other.name()));
                problems.at(
                        draft.fields().place("sql"),
                        "sql of feature " + draft.fullName() + " uses " + String.join(".", parts) + ", but entity "
                                + entity + " has no such key or feature" + Nearest.hint(name, known));
                complete = false;
            }
        }
        return complete ? Optional.of(new Expression(sql.orElseThrow(), List.copyOf(used))) : Optional.empty();
    }

    /** Finds the type of a feature after those that it needs; reports a cycle once, in full. */
    private void resolve(String fullName, List<String> path) {
        Definition definition = definitions.get(fullName);
        Draft draft = drafts.get(fullName);
        if (definition == null || draft == null || done.contains(fullName)) {
            return;
        }
        int start = path.indexOf(fullName);
        if (start >= 0) {
            List<String> cycle = new ArrayList<>(path.subList(start, path.size()));
            cycle.add(fullName);
            problems.at(draft.place(), "cycle: " + String.join(" -> ", cycle));
            done.addAll(cycle);
            return;
        }
        path.add(fullName);
        for (String need : needs(definition)) {
            resolve(need, path);
        }
        path.remove(path.size() - 1);
        if (done.add(fullName)) {
            type(draft, definition);
        }
    }

    static List<String> needs(Definition definition) {
        if (definition instanceof Expression expression) {
            return expression.features();
        }
        if (definition instanceof Join join) {
            List<String> needs = new ArrayList<>(join.through().values().stream()
                    .filter(it -> it.contains("."))
                    .toList());
            needs.add(join.feature());
            return needs;
        }
        return List.of();
    }

    private void type(Draft draft, Definition definition) {
        if (definition instanceof Join join) {
            joinType(draft, join);
        } else if (definition instanceof Expression expression) {
            expressionType(draft, expression);
        }
    }

    private void joinType(Draft draft, Join join) {
        Draft other = drafts.get(join.feature());
        if (other == null) {
            return;
        }
        join.through().forEach((key, reference) -> {
            String wanted = other.entity().keys().get(key);
            String found = reference.contains(".")
                    ? types.get(reference)
                    : draft.entity().keys().get(reference);
            if (wanted != null && found != null && TypeFamily.of(wanted) != TypeFamily.of(found)) {
                problems.at(
                        draft.fields().place("through"),
                        "key " + key + " of " + other.entity().name() + " is " + wanted + ", but " + reference + " is "
                                + found);
            }
        });
        String type = types.get(join.feature());
        if (type != null) {
            types.put(draft.fullName(), type);
        }
    }

    private void expressionType(Draft draft, Expression expression) {
        List<String> columns = new ArrayList<>();
        draft.entity().keys().forEach((key, type) -> columns.add("CAST(NULL AS " + type + ") AS " + Sql.name(key)));
        for (String feature : expression.features()) {
            String type = types.get(feature);
            if (type == null) {
                return;
            }
            columns.add("CAST(NULL AS " + type + ") AS " + Sql.name(feature.substring(feature.indexOf('.') + 1)));
        }
        String from = " FROM (SELECT " + String.join(", ", columns) + ") AS "
                + Sql.name(draft.entity().name());
        try {
            // Aggregates are refused in WHERE, and are what a plain expression must not be.
            probe.describe("SELECT 1" + from + " WHERE (" + expression.sql() + "\n) IS NULL");
            Map<String, String> described = probe.describe("SELECT (" + expression.sql() + "\n) AS value" + from);
            String type = described.get("value");
            if (type != null) {
                types.put(draft.fullName(), type);
            }
        } catch (SQLException e) {
            problems.at(
                    draft.fields().place("sql"),
                    "sql of feature " + draft.fullName() + ": "
                            + CatalogReader.firstLine(e)
                                    .replace("WHERE clause cannot contain aggregates!", "an aggregate is not allowed"));
        }
    }

    private Optional<Source> source(Draft draft) {
        Optional<String> name = draft.fields().required("source");
        if (name.isPresent() && !sourceNames.contains(name.orElseThrow())) {
            problems.at(
                    draft.fields().place("source"),
                    "feature " + draft.fullName() + " reads source " + name.orElseThrow() + ", which is not defined"
                            + Nearest.hint(name.orElseThrow(), sourceNames));
        }
        return name.map(sources::get);
    }

    private boolean timed(Draft draft, Source source, String field) {
        if (source.eventTime().isEmpty()) {
            problems.at(
                    draft.fields().key(field),
                    field + " of feature " + draft.fullName() + " needs a source with an event_time; " + source.name()
                            + " has none");
            return false;
        }
        return true;
    }

    private Optional<String> column(Draft draft, Source source, String field) {
        Optional<String> column = draft.fields().required(field);
        if (column.isPresent() && !source.columns().containsKey(column.orElseThrow())) {
            problems.at(
                    draft.fields().place(field),
                    CatalogReader.noColumn(
                            source.name(),
                            column.orElseThrow(),
                            source.columns().keySet()));
            return Optional.empty();
        }
        return column;
    }

    private Optional<Map<String, String>> on(Draft draft, Source source) {
        Fields on = draft.fields().has("on") ? draft.fields().fields("on", "on of feature " + draft.fullName()) : null;
        if (on != null) {
            for (String key : on.names()) {
                if (!draft.entity().keys().containsKey(key)) {
                    problems.at(
                            on.key(key),
                            "entity " + draft.entity().name() + " has no key " + key + "; its keys are "
                                    + String.join(", ", draft.entity().keys().keySet()));
                }
            }
        }
        Map<String, String> columns = new LinkedHashMap<>();
        draft.entity().keys().forEach((key, keyType) -> {
            boolean said = on != null && on.has(key);
            String column = said && on != null ? on.text(key).orElse(key) : key;
            Node place = said && on != null ? on.place(key) : draft.place();
            String type = source.columns().get(column);
            if (type == null) {
                problems.at(
                        place,
                        CatalogReader.noColumn(
                                        source.name(), column, source.columns().keySet())
                                + (said ? "" : "; say on: {" + key + ": <column>}"));
            } else if (TypeFamily.of(type) != TypeFamily.of(keyType)) {
                problems.at(
                        place,
                        "key " + key + " of " + draft.entity().name() + " is " + keyType + ", but column " + column
                                + " of source " + source.name() + " is " + type);
            } else {
                columns.put(key, column);
            }
        });
        return columns.size() < draft.entity().keys().size() ? Optional.empty() : Optional.of(columns);
    }

    private Optional<Long> duration(Draft draft, String field) {
        Optional<String> text = draft.fields().text(field);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        Optional<Long> micros = IsoDuration.micros(text.orElseThrow());
        if (micros.isEmpty()) {
            problems.at(
                    draft.fields().place(field),
                    field + " " + text.orElseThrow() + " of feature " + draft.fullName()
                            + " must be a positive ISO 8601 duration such as PT1H, P7D or P2W");
        }
        return micros;
    }

    /** Whether rows at the very instant are left out; they take part unless said otherwise. */
    private Optional<Boolean> before(Draft draft) {
        String text = draft.fields().text("as_of").orElse("at");
        if (text.equals("at") || text.equals("before")) {
            return Optional.of(text.equals("before"));
        }
        problems.at(
                draft.fields().place("as_of"),
                "as_of " + text + " of feature " + draft.fullName()
                        + " must be at (rows up to the instant) or before (rows before it)");
        return Optional.empty();
    }
}
