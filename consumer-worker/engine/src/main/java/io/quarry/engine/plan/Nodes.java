package io.quarry.engine.plan;

import io.quarry.engine.catalog.Catalog;
import io.quarry.engine.catalog.Definition.Expression;
import io.quarry.engine.catalog.Definition.Join;
import io.quarry.engine.catalog.Entity;
import io.quarry.engine.catalog.Feature;
import io.quarry.engine.catalog.TypeFamily;
import io.quarry.engine.plan.Node.Thing;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Finds out what has to be computed for the features asked for, each value once. */
final class Nodes {
    private final Catalog catalog;
    private final Map<String, InputColumn> given = new LinkedHashMap<>();
    private final Wrongs wrongs;
    private final Map<String, Node> nodes = new LinkedHashMap<>();

    Nodes(Catalog catalog, List<InputColumn> columns, Wrongs wrongs) {
        this.catalog = catalog;
        this.wrongs = wrongs;
        columns.forEach(column -> given.put(column.name(), column));
    }

    /** Values to compute, each after those that it uses. */
    List<Node> all() {
        return List.copyOf(nodes.values());
    }

    /** Stage column of a feature of the row's own entity; empty when a key is missing. */
    Optional<String> output(Feature feature) {
        InputColumn known = given.get(feature.fullName());
        if (known != null) {
            return Optional.of(known.stageName());
        }
        Entity entity = catalog.entity(feature.entity());
        List<String> keys = new ArrayList<>();
        for (String key : entity.keys().keySet()) {
            InputColumn column = given.getOrDefault(entity.name() + "." + key, given.get(key));
            if (column == null) {
                wrongs.add(
                        InputReader.FIELD,
                        "columns "
                                + given.values().stream().map(InputColumn::name).collect(Collectors.joining(", ")),
                        "feature " + feature.fullName() + " needs the key " + key + " ("
                                + entity.keys().get(key) + ") of entity " + entity.name());
            } else if (TypeFamily.of(column.type())
                    != TypeFamily.of(entity.keys().getOrDefault(key, column.type()))) {
                wrongs.add(
                        InputReader.FIELD,
                        column.name() + " " + column.type(),
                        "key " + key + " of entity " + entity.name() + " is "
                                + entity.keys().get(key) + "; give it as a column named " + entity.name() + "." + key);
            } else {
                keys.add(column.stageName());
            }
        }
        return keys.size() < entity.keys().size()
                ? Optional.empty()
                : Optional.of(column(new Thing(entity.name(), keys), feature, true));
    }

    /** Stage column of a feature of a thing; adds what has to be computed for it. */
    private String column(Thing thing, Feature feature, boolean own) {
        InputColumn known = given.get(feature.fullName());
        if (own && known != null) {
            return known.stageName();
        }
        List<String> keyNames =
                List.copyOf(catalog.entity(thing.entity()).keys().keySet());
        if (feature.definition() instanceof Join join) {
            List<String> keys = join.through().values().stream()
                    .map(reference -> reference.contains(".")
                            ? column(thing, catalog.feature(reference), own)
                            : thing.keys().get(keyNames.indexOf(reference)))
                    .toList();
            Feature other = catalog.feature(join.feature());
            // The other thing is the row's own only if it is named by the very keys that the row gives for it.
            return column(new Thing(other.entity(), keys), other, isOwn(other.entity(), keys));
        }
        String column = feature.fullName() + "@" + String.join(",", thing.keys());
        if (!nodes.containsKey(column)) {
            Map<String, String> uses = new LinkedHashMap<>();
            if (feature.definition() instanceof Expression expression) {
                for (int i = 0; i < keyNames.size(); i++) {
                    uses.put(keyNames.get(i), thing.keys().get(i));
                }
                for (String name : expression.features()) {
                    Feature used = catalog.feature(name);
                    uses.put(used.name(), column(thing, used, own));
                }
            }
            nodes.put(column, new Node(column, thing, feature, uses));
        }
        return column;
    }

    private boolean isOwn(String entity, List<String> keys) {
        List<String> own = catalog.entity(entity).keys().keySet().stream()
                .map(key -> given.getOrDefault(entity + "." + key, given.get(key)))
                .map(column -> column == null ? "" : column.stageName())
                .toList();
        return own.equals(keys);
    }
}
