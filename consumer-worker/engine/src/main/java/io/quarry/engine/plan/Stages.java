package io.quarry.engine.plan;

import io.quarry.engine.catalog.Catalog;
import io.quarry.engine.catalog.Definition;
import io.quarry.engine.catalog.Definition.Aggregate;
import io.quarry.engine.catalog.Definition.Expression;
import io.quarry.engine.catalog.Definition.Function;
import io.quarry.engine.catalog.Definition.Latest;
import io.quarry.engine.catalog.Definition.Lookup;
import io.quarry.engine.catalog.Source;
import io.quarry.engine.catalog.Sql;
import io.quarry.engine.plan.Node.Thing;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The stages of a plan: the input's rows, then the same rows with more and more columns, in as few steps as the dependencies
 * between the values allow.
 */
final class Stages {
    /** A source without times is read as a whole up to this size: leaving out keys not asked about costs more than it saves. */
    private static final long SMALL_BYTES = 8L << 20;

    private final Catalog catalog;
    private final String input;
    private final int inputCtes;
    private final List<String> ctes = new ArrayList<>();
    private final Set<Path> reads = new LinkedHashSet<>();
    private final Map<String, String> types = new HashMap<>();
    private final StageKeys keys = new StageKeys(types, ctes::add);
    private String current = "quarry_rows";
    private boolean reread;
    private int stage;
    private int blocks;

    /** What the values of one block have in common. */
    private record Group(Thing thing, String source, Map<String, String> on, String kind, boolean before) {}

    Stages(Catalog catalog, InputStage input) {
        this.catalog = catalog;
        input.columns().forEach(column -> types.put(column.stageName(), column.type()));
        ctes.addAll(input.ctes());
        this.input = input.select();
        this.inputCtes = ctes.size();
    }

    String current() {
        return current;
    }

    List<String> ctes() {
        List<String> all = new ArrayList<>(ctes);
        // Rows that are read once flow through; rows read again must be the same ones, whatever the input's SQL calls.
        all.add(inputCtes, "quarry_rows AS " + (reread ? "MATERIALIZED " : "") + "(\n  " + input + ")");
        return List.copyOf(all);
    }

    Set<Path> reads() {
        return reads;
    }

    /** Adds stages until all nodes are columns of the current one. */
    void compute(List<Node> nodes) {
        List<Node> pending = new ArrayList<>(nodes);
        while (!pending.isEmpty()) {
            List<Node> ready = pending.stream().filter(this::fromSource).toList();
            if (ready.isEmpty()) {
                Node first = pending.stream()
                        .filter(node -> types.keySet().containsAll(node.uses().values()))
                        .filter(node -> node.feature().definition() instanceof Expression)
                        .findFirst()
                        .orElseThrow(() -> new IllegalStateException("a checked catalog has no cycles"));
                ready = pending.stream()
                        .filter(node -> node.thing().equals(first.thing())
                                && node.feature().definition() instanceof Expression
                                && types.keySet().containsAll(node.uses().values()))
                        .toList();
                expressions(ready);
            } else {
                sources(ready);
            }
            ready.forEach(node -> types.put(node.column(), node.feature().type()));
            pending.removeAll(ready);
        }
    }

    private boolean fromSource(Node node) {
        return !(node.feature().definition() instanceof Expression)
                && types.keySet().containsAll(node.thing().keys());
    }

    private void expressions(List<Node> nodes) {
        Map<String, String> uses = new LinkedHashMap<>();
        nodes.forEach(node -> uses.putAll(node.uses()));
        Map<String, String> declared =
                new HashMap<>(catalog.entity(nodes.get(0).thing().entity()).keys());
        List<String> names = new ArrayList<>();
        uses.forEach((name, column) -> {
            String type = declared.get(name);
            String value = type == null || type.equals(types.get(column))
                    ? Sql.name(column)
                    : "CAST(" + Sql.name(column) + " AS " + type + ")";
            names.add(value + " AS " + Sql.name(name));
        });
        List<String> values = new ArrayList<>();
        for (Node node : nodes) {
            String sql = ((Expression) node.feature().definition()).sql();
            values.add("(" + sql + "\n) AS " + Sql.name(node.column()));
        }
        String entity = Sql.name(nodes.get(0).thing().entity());
        String from = "(SELECT *, " + String.join(", ", names) + " FROM " + current + ") AS " + entity;
        next("SELECT * EXCLUDE (" + Sql.names(List.copyOf(uses.keySet())) + "), " + String.join(", ", values)
                + "\n    FROM " + from);
    }

    private void next(String select) {
        current = "quarry_rows_" + ++stage;
        ctes.add(current + " AS (\n  " + select + ")");
        keys.clear();
    }

    private void sources(List<Node> nodes) {
        Map<Group, List<Node>> groups = new LinkedHashMap<>();
        nodes.forEach(node ->
                groups.computeIfAbsent(group(node), group -> new ArrayList<>()).add(node));
        String unnumbered = current;
        boolean pairs = groups.keySet().stream().anyMatch(group -> group.kind().equals("aggregate"));
        current = keys.number(current, sorted(groups.keySet()), pairs);
        List<String> values = new ArrayList<>();
        List<String> joins = new ArrayList<>();
        groups.forEach((group, members) -> {
            for (Block block : block(group, members, unnumbered)) {
                ctes.addAll(block.ctes());
                joins.add(join(group, block));
                block.values().forEach((column, value) -> values.add(value + " AS " + Sql.name(column)));
            }
        });
        next("SELECT r.*" + keys.excluded() + ",\n    " + String.join(",\n    ", values) + "\n    FROM " + current
                + " AS r" + String.join("", joins));
    }

    private String join(Group group, Block block) {
        List<String> conditions = new ArrayList<>();
        conditions.add(keys.matching(group.thing(), block.name(), numbered(group)));
        String comparison = switch (block.match()) {
            case KEYS -> "";
            case INSTANT -> " = ";
            case LATEST_AT -> " >= ";
            case LATEST_BEFORE -> " > ";
        };
        if (!comparison.isEmpty()) {
            conditions.add(block.instant() + comparison + block.name() + ".t");
        }
        boolean latest = comparison.contains(">");
        return (latest ? "\n    ASOF LEFT JOIN " : "\n    LEFT JOIN ") + block.name() + " ON "
                + String.join(" AND ", conditions);
    }

    /** Things whose keys are sorted or grouped by. */
    private static List<Thing> sorted(Set<Group> groups) {
        return groups.stream()
                .filter(group -> !group.kind().equals("lookup"))
                .map(Group::thing)
                .distinct()
                .toList();
    }

    /** Whether all rows of the group's source are read, not only those with a key that is asked about. */
    private boolean whole(Group group) {
        return group.kind().equals("lookup") && catalog.source(group.source()).bytes() <= SMALL_BYTES;
    }

    private boolean numbered(Group group) {
        return keys.numbered(group.thing()) && !whole(group);
    }

    private static Group group(Node node) {
        Definition definition = node.feature().definition();
        if (definition instanceof Lookup lookup) {
            return new Group(node.thing(), lookup.source(), lookup.on(), "lookup", false);
        }
        if (definition instanceof Latest latest) {
            return new Group(node.thing(), latest.source(), latest.on(), "latest", latest.before());
        }
        if (definition instanceof Aggregate aggregate) {
            String kind = aggregate.function() == Function.LAST
                    ? "last " + aggregate.column().orElseThrow()
                    : "aggregate";
            return new Group(node.thing(), aggregate.source(), aggregate.on(), kind, aggregate.before());
        }
        throw new IllegalStateException(node.feature().fullName() + " is not read from a source");
    }

    private List<Block> block(Group group, List<Node> nodes, String unnumbered) {
        Source source = catalog.source(group.source());
        source.files().forEach(file -> reads.add(Path.of(file)));
        String name = "quarry_block_" + ++blocks;
        Optional<String> known = whole(group) ? Optional.empty() : Optional.of(keys.known(current, group.thing()));
        reread |= known.isPresent();
        if (group.kind().equals("aggregate")) {
            String rows = keys.pairs(current, group.thing());
            Asked asked = new Asked(rows, known, numbered(group), rows, source, group.on());
            return WindowBlocks.of(
                    name,
                    asked,
                    group.before(),
                    nodes.stream().map(Stages::window).toList());
        }
        String instants = "(SELECT " + Sql.name(InputStage.TIME) + " AS t FROM " + unnumbered + ")";
        Asked asked = new Asked("", known, numbered(group), instants, source, group.on());
        List<RowBlocks.Value> values = nodes.stream().map(Stages::value).toList();
        return List.of(
                switch (group.kind()) {
                    case "lookup" -> RowBlocks.lookup(name, asked, values);
                    case "latest" -> RowBlocks.latest(name, asked, values, group.before(), Optional.empty());
                    default ->
                        RowBlocks.latest(
                                name,
                                asked,
                                values,
                                group.before(),
                                Optional.of(values.get(0).column()));
                });
    }

    private static RowBlocks.Value value(Node node) {
        Definition definition = node.feature().definition();
        if (definition instanceof Lookup lookup) {
            return new RowBlocks.Value(node.column(), lookup.column(), Optional.empty());
        }
        if (definition instanceof Latest latest) {
            return new RowBlocks.Value(node.column(), latest.column(), latest.ttlMicros());
        }
        Aggregate last = (Aggregate) definition;
        return new RowBlocks.Value(node.column(), last.column().orElseThrow(), Optional.of(last.windowMicros()));
    }

    private static WindowBlocks.Value window(Node node) {
        Aggregate aggregate = (Aggregate) node.feature().definition();
        return new WindowBlocks.Value(
                node.column(),
                aggregate.function(),
                aggregate.column(),
                aggregate.windowMicros(),
                node.feature().type());
    }
}
