package io.quarry.engine.plan;

import io.quarry.avro.OfflineQuery;
import io.quarry.engine.catalog.Catalog;
import io.quarry.engine.catalog.Entity;
import io.quarry.engine.catalog.Feature;
import io.quarry.engine.catalog.Nearest;
import io.quarry.engine.catalog.Sql;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Turns an offline query into one SQL text. Deterministic: equal arguments give equal text. */
public final class Planner {
    private Planner() {}

    /**
     * Plans a query.
     *
     * @param startedAt what a query without input times is as of
     * @throws PlanException with everything that is wrong with the query
     */
    public static QueryPlan plan(Catalog catalog, OfflineQuery query, Instant startedAt, PlanInputs inputs)
            throws PlanException {
        Wrongs wrongs = new Wrongs();
        List<Feature> outputs = outputs(catalog, query, wrongs);
        Map<String, String> wanted = wanted(catalog, outputs);
        Optional<InputStage> input = new InputReader(catalog, query, startedAt, inputs, wanted, wrongs).read();
        wrongs.throwIfAny();
        InputStage stage = input.orElseThrow();
        Nodes nodes = new Nodes(catalog, stage.columns(), wrongs);
        Map<String, String> columnOf = new LinkedHashMap<>();
        outputs.forEach(feature -> nodes.output(feature).ifPresent(column -> columnOf.put(feature.fullName(), column)));
        wrongs.throwIfAny();
        return assemble(catalog, query, stage, nodes, outputs, columnOf);
    }

    private static List<Feature> outputs(Catalog catalog, OfflineQuery query, Wrongs wrongs) {
        Map<String, String> named = new LinkedHashMap<>();
        query.getOutputs().forEach(name -> named.putIfAbsent(name, "offline_query.outputs"));
        query.getRequiredOutputs().forEach(name -> named.putIfAbsent(name, "offline_query.required_outputs"));
        if (named.isEmpty()) {
            wrongs.add("offline_query.outputs", "[]", "at least one feature is needed");
        }
        List<Feature> features = new ArrayList<>();
        named.forEach((name, field) -> {
            Feature feature = catalog.features().get(name);
            if (feature == null) {
                wrongs.add(
                        field,
                        name,
                        "must be a feature of the catalog"
                                + Nearest.hint(name, catalog.features().keySet()));
            } else {
                features.add(feature);
            }
        });
        return features;
    }

    /** Types that input columns must have: keys of the entities asked about, by their name alone and in full, and features. */
    private static Map<String, String> wanted(Catalog catalog, List<Feature> outputs) {
        Map<String, String> wanted = new LinkedHashMap<>();
        Set<String> entities = new LinkedHashSet<>();
        outputs.forEach(feature -> entities.add(feature.entity()));
        for (String name : entities) {
            Entity entity = catalog.entity(name);
            entity.keys().forEach((key, type) -> {
                wanted.put(name + "." + key, type);
                wanted.putIfAbsent(key, type);
            });
        }
        catalog.features().values().forEach(feature -> wanted.put(feature.fullName(), feature.type()));
        return wanted;
    }

    private static QueryPlan assemble(
            Catalog catalog,
            OfflineQuery query,
            InputStage stage,
            Nodes nodes,
            List<Feature> outputs,
            Map<String, String> columnOf) {
        Stages stages = new Stages(catalog, stage);
        stages.compute(nodes.all());
        List<PlannedColumn> columns = new ArrayList<>();
        List<String> selected = new ArrayList<>();
        for (InputColumn column : stage.columns()) {
            if (!column.name().equals(QueryPlan.TIME_COLUMN)) {
                columns.add(new PlannedColumn(column.name(), column.type()));
                selected.add(Sql.name(column.stageName()) + " AS " + Sql.name(column.name()));
            }
        }
        columns.add(new PlannedColumn(QueryPlan.TIME_COLUMN, "TIMESTAMP WITH TIME ZONE"));
        selected.add("timezone('UTC', " + Sql.name(InputStage.TIME) + ") AS " + Sql.name(QueryPlan.TIME_COLUMN));
        for (Feature feature : outputs) {
            if (stage.columns().stream().noneMatch(column -> column.name().equals(feature.fullName()))) {
                columns.add(new PlannedColumn(feature.fullName(), feature.type()));
                selected.add(Sql.name(columnOf.getOrDefault(feature.fullName(), feature.fullName())) + " AS "
                        + Sql.name(feature.fullName()));
            }
        }
        StringBuilder sql = new StringBuilder("WITH ");
        sql.append(String.join(",\n", stages.ctes())).append("\nSELECT ").append(String.join(",\n    ", selected));
        sql.append("\n  FROM ").append(stages.current());
        List<String> required = query.getRequiredOutputs().stream()
                .distinct()
                .map(name -> Sql.name(columnOf.getOrDefault(name, name)) + " IS NOT NULL")
                .toList();
        if (!required.isEmpty()) {
            sql.append("\n  WHERE ").append(String.join(" AND ", required));
        }
        if (!stage.order().isEmpty()) {
            sql.append("\n  ORDER BY ").append(Sql.names(stage.order()));
        }
        Set<Path> reads = new LinkedHashSet<>(stage.reads());
        reads.addAll(stages.reads());
        String text = sql.toString();
        return new QueryPlan(
                text,
                columns,
                !stage.order().isEmpty(),
                stage.tables(),
                List.copyOf(reads),
                stage.rows(),
                sha256(text),
                catalog.hash());
    }

    private static String sha256(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
