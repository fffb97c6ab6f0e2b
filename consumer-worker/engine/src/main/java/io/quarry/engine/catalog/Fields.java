package io.quarry.engine.catalog;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** The fields of one YAML mapping with their places; reports what is not as it should be. */
final class Fields {
    private final Node node;
    private final String what;
    private final Problems problems;
    private final Map<String, Node> keys = new LinkedHashMap<>();
    private final Map<String, Node> values = new LinkedHashMap<>();

    /**
     * Takes a node apart.
     *
     * @param what name of the thing in messages, such as {@code source flights}
     */
    Fields(Node node, String what, Problems problems) {
        this.node = node;
        this.what = what;
        this.problems = problems;
        if (!(node instanceof MappingNode mapping)) {
            problems.at(node, what + " must be a mapping of names to values");
            return;
        }
        for (NodeTuple tuple : mapping.getValue()) {
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                problems.at(tuple.getKeyNode(), "a name in " + what + " must be plain text");
                continue;
            }
            Node earlier = keys.putIfAbsent(key.getValue(), key);
            if (earlier != null) {
                problems.at(
                        key,
                        "duplicate name " + key.getValue() + " in " + what + ", first on line "
                                + earlier.getStartMark()
                                        .map(mark -> mark.getLine() + 1)
                                        .orElse(1));
                continue;
            }
            values.put(key.getValue(), tuple.getValueNode());
        }
    }

    Set<String> names() {
        return values.keySet();
    }

    boolean has(String name) {
        Node value = values.get(name);
        return value != null && !Tag.NULL.equals(value.getTag());
    }

    Node key(String name) {
        Node key = keys.get(name);
        return key == null ? node : key;
    }

    /** Node of a field, or the whole mapping where there is none: a place for a message. */
    Node place(String name) {
        Node value = values.get(name);
        return value == null ? node : value;
    }

    void allow(Set<String> allowed) {
        for (String name : names()) {
            if (!allowed.contains(name)) {
                problems.at(
                        key(name),
                        "unknown field " + name + " of " + what + "; allowed are "
                                + String.join(", ", allowed.stream().sorted().toList()));
            }
        }
    }

    Optional<String> text(String name) {
        Node value = values.get(name);
        if (value == null || Tag.NULL.equals(value.getTag())) {
            return Optional.empty();
        }
        if (value instanceof ScalarNode scalar && !scalar.getValue().isBlank()) {
            return Optional.of(scalar.getValue());
        }
        problems.at(value, name + " of " + what + " must be text");
        return Optional.empty();
    }

    Optional<String> required(String name) {
        if (!has(name)) {
            problems.at(node, what + " needs the field " + name);
            return Optional.empty();
        }
        return text(name);
    }

    /** A text or a list of texts, with their nodes. */
    List<ScalarNode> texts(String name) {
        Node value = values.get(name);
        List<ScalarNode> texts = new ArrayList<>();
        if (value instanceof ScalarNode scalar) {
            texts.add(scalar);
        } else if (value instanceof SequenceNode sequence) {
            for (Node item : sequence.getValue()) {
                if (item instanceof ScalarNode scalar) {
                    texts.add(scalar);
                } else {
                    problems.at(item, name + " of " + what + " must be texts");
                }
            }
        } else if (value != null) {
            problems.at(value, name + " of " + what + " must be a text or a list of texts");
        }
        return texts;
    }

    Fields fields(String name, String title) {
        Node value = values.get(name);
        if (value == null) {
            problems.at(node, what + " needs the field " + name);
            return new Fields(new MappingNode(Tag.MAP, List.of(), FlowStyle.BLOCK), title, problems);
        }
        return new Fields(value, title, problems);
    }
}
