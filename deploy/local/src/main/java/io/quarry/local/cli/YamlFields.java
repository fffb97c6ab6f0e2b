package io.quarry.local.cli;

import io.quarry.engine.catalog.Problem;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Reads the keys of a mapping that people wrote, and collects every error at its line. */
final class YamlFields {
    private final String file;
    private final List<Problem> problems = new ArrayList<>();

    YamlFields(String file) {
        this.file = file;
    }

    /** Hands each value of a mapping to whoever takes its key; an unknown key is a problem that names the nearest one. */
    void mapping(Node node, Map<String, Consumer<Node>> takers) {
        if (!(node instanceof MappingNode mapping)) {
            problem(node, "the file must be a mapping of " + String.join(", ", takers.keySet()));
            return;
        }
        Set<String> seen = new HashSet<>();
        for (NodeTuple entry : mapping.getValue()) {
            String name = entry.getKeyNode() instanceof ScalarNode key ? key.getValue() : "";
            Consumer<Node> taker = takers.get(name);
            if (taker == null) {
                problem(
                        entry.getKeyNode(),
                        "unknown key " + name
                                + Spelling.nearest(name, takers.keySet())
                                        .map(near -> ": did you mean " + near + "?")
                                        .orElse(": there are " + String.join(", ", takers.keySet())));
            } else if (!seen.add(name)) {
                problem(entry.getKeyNode(), name + " is set twice: leave one of them");
            } else {
                taker.accept(entry.getValueNode());
            }
        }
    }

    void text(Node node, String path, Consumer<String> taker) {
        if (node instanceof ScalarNode scalar && !JobFileReader.isNull(node)) {
            taker.accept(scalar.getValue());
        } else {
            problem(node, path + " must be text");
        }
    }

    void whole(Node node, String path, Consumer<Integer> taker) {
        text(node, path, text -> {
            if (text.matches("-?[0-9]{1,9}")) {
                taker.accept(Integer.parseInt(text));
            } else {
                problem(node, path + " is '" + text + "': must be a whole number");
            }
        });
    }

    void duration(Node node, String path, Consumer<Long> taker) {
        text(node, path, text -> {
            try {
                Duration read = Durations.parse(text);
                taker.accept(read.toMillis());
            } catch (IllegalArgumentException | DateTimeException | ArithmeticException refused) {
                problem(node, path + " is '" + text + "': must be a duration such as 90s, 30m or 2h");
            }
        });
    }

    void instant(Node node, String path, Consumer<Instant> taker) {
        text(node, path, text -> {
            try {
                taker.accept(Instant.ofEpochMilli(
                        OffsetDateTime.parse(text).toInstant().toEpochMilli()));
            } catch (DateTimeException | ArithmeticException refused) {
                problem(
                        node,
                        path + " is '" + text + "': must be an instant with an offset or Z, such as"
                                + " 2026-07-01T00:00:00Z");
            }
        });
    }

    void instants(Node node, String path, Consumer<List<Instant>> taker) {
        if (!(node instanceof SequenceNode list)) {
            problem(node, path + " must be a list of instants");
            return;
        }
        List<Instant> instants = new ArrayList<>();
        list.getValue().forEach(item -> instant(item, path, instants::add));
        taker.accept(instants);
    }

    void texts(Node node, String path, Consumer<Map<String, String>> taker) {
        if (!(node instanceof MappingNode mapping)) {
            problem(node, path + " must be a mapping of names to texts");
            return;
        }
        Map<String, String> texts = new LinkedHashMap<>();
        for (NodeTuple entry : mapping.getValue()) {
            text(
                    entry.getKeyNode(),
                    path,
                    key -> text(entry.getValueNode(), path + "." + key, value -> texts.put(key, value)));
        }
        taker.accept(texts);
    }

    void problem(Node node, String what) {
        int line = node.getStartMark().map(Mark::getLine).orElse(0) + 1;
        int column = node.getStartMark().map(Mark::getColumn).orElse(0) + 1;
        problems.add(new Problem(file, line, column, what));
    }

    void add(List<Problem> more) {
        problems.addAll(more);
    }

    /** Ends the reading when anything was wrong. */
    void stop() throws JobFileException {
        if (!problems.isEmpty()) {
            throw new JobFileException(problems.stream()
                    .sorted(Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column))
                    .toList());
        }
    }
}
