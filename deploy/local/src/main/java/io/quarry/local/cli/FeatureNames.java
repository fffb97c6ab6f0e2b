package io.quarry.local.cli;

import io.quarry.avro.OfflineQuery;
import io.quarry.schemas.Violation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/**
 * The names of a catalog's features, read without its data: enough to refuse a misspelt one before it waits in a queue. Everything
 * else about a query is for {@code explain-query} and the worker.
 */
final class FeatureNames {
    private final Path catalog;
    private final Set<String> names;

    private FeatureNames(Path catalog, Set<String> names) {
        this.catalog = catalog;
        this.names = names;
    }

    /** Reads them; empty for a file that is no catalog, which {@code catalog check} says more about. */
    static Optional<FeatureNames> of(Path catalog) {
        try {
            Set<String> names = new LinkedHashSet<>();
            Node root = JobFile.compose(Files.readString(catalog), catalog.toString());
            entries(root).stream()
                    .filter(entry -> name(entry).equals("features"))
                    .forEach(entry -> entries(entry.getValueNode()).forEach(feature -> names.add(name(feature))));
            return names.isEmpty() ? Optional.empty() : Optional.of(new FeatureNames(catalog, names));
        } catch (IOException | JobFileException e) {
            return Optional.empty();
        }
    }

    private static List<NodeTuple> entries(Node node) {
        return node instanceof MappingNode mapping ? mapping.getValue() : List.of();
    }

    private static String name(NodeTuple entry) {
        return entry.getKeyNode() instanceof ScalarNode key ? key.getValue() : "";
    }

    /** What a query asks for and the catalog does not have. */
    List<Violation> lacks(OfflineQuery query) {
        List<Violation> lacks = new ArrayList<>();
        look(query.getOutputs(), "offline_query.outputs", lacks);
        look(query.getRequiredOutputs(), "offline_query.required_outputs", lacks);
        return lacks;
    }

    private void look(List<String> features, String field, List<Violation> lacks) {
        for (int i = 0; i < features.size(); i++) {
            String feature = features.get(i);
            if (!names.contains(feature)) {
                String near = Spelling.nearest(feature, names)
                        .map(name -> ": did you mean " + name + "?")
                        .orElse("");
                lacks.add(new Violation(
                        field + "[" + i + "]", feature, "must be a feature of the catalog " + catalog + near));
            }
        }
    }
}
