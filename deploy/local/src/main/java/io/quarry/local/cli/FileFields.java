package io.quarry.local.cli;

import io.quarry.engine.catalog.Problem;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Reads the fields of a file for people, and collects everything that is wrong with it, each at its line. For one file. */
final class FileFields {
    private final String file;
    private final List<Problem> problems = new ArrayList<>();
    private final FilePlaces places = new FilePlaces();

    FileFields(String file) {
        this.file = file;
    }

    /** What is done with the value of a key. */
    interface Field extends Consumer<Node> {}

    void mapping(Node node, String path, Map<String, Field> fields) {
        if (!(node instanceof MappingNode mapping)) {
            problem(
                    node,
                    (path.isEmpty() ? "the file" : path) + " must be a mapping of "
                            + String.join(", ", fields.keySet()));
            return;
        }
        Set<String> seen = new HashSet<>();
        for (NodeTuple entry : mapping.getValue()) {
            String name = entry.getKeyNode() instanceof ScalarNode key ? key.getValue() : "";
            String where = FilePlaces.below(path, name);
            Field field = fields.get(name);
            if (field == null) {
                Spelling.nearest(name, fields.keySet())
                        .ifPresent(near -> places.meantBy(FilePlaces.below(path, near), entry.getKeyNode()));
                problem(
                        entry.getKeyNode(),
                        "unknown key " + where
                                + Spelling.nearest(name, fields.keySet())
                                        .map(near -> ": did you mean " + near + "?")
                                        .orElse(": there are " + String.join(", ", fields.keySet())));
            } else if (!seen.add(name)) {
                problem(entry.getKeyNode(), where + " is set twice: leave one of them");
            } else {
                places.put(where, entry.getValueNode());
                field.accept(entry.getValueNode());
            }
        }
    }

    void text(Node node, String path, Consumer<String> taker) {
        if (node instanceof ScalarNode scalar
                && !JobFileReader.isNull(node)
                && !scalar.getValue().isBlank()) {
            taker.accept(scalar.getValue());
        } else {
            problem(node, path + " must be text: leave it out to have its default");
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

    void decimal(Node node, String path, Consumer<Double> taker) {
        text(node, path, text -> {
            if (text.matches("-?[0-9]{1,9}(\\.[0-9]{1,9})?")) {
                taker.accept(Double.parseDouble(text));
            } else {
                problem(node, path + " is '" + text + "': must be a number such as 0.8");
            }
        });
    }

    void amount(Node node, String path, Function<String, Long> reader, Consumer<Long> taker) {
        text(node, path, text -> {
            try {
                taker.accept(reader.apply(text));
            } catch (IllegalArgumentException refused) {
                problem(node, path + ": " + refused.getMessage());
            }
        });
    }

    void duration(Node node, String path, Consumer<Long> taker) {
        text(node, path, text -> {
            try {
                taker.accept(Durations.parse(text).toMillis());
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
        for (Node item : list.getValue()) {
            places.put(path + "[" + instants.size() + "]", item);
            instant(item, path, instants::add);
        }
        taker.accept(instants);
    }

    void words(Node node, String path, Consumer<List<String>> taker) {
        List<String> words = new ArrayList<>();
        if (node instanceof SequenceNode list) {
            list.getValue().forEach(item -> text(item, path, words::add));
        } else {
            text(node, path, text -> words.addAll(Arrays.asList(text.strip().split("\\s*,\\s*"))));
        }
        taker.accept(words);
    }

    /** Names and texts of the file's own choice. */
    void texts(Node node, String path, Consumer<Map<String, String>> taker) {
        if (!(node instanceof MappingNode mapping)) {
            problem(node, path + " must be a mapping of names and texts");
            return;
        }
        Map<String, String> texts = new LinkedHashMap<>();
        for (NodeTuple entry : mapping.getValue()) {
            if (!(entry.getKeyNode() instanceof ScalarNode key)
                    || !(entry.getValueNode() instanceof ScalarNode value)
                    || JobFileReader.isNull(value)) {
                problem(entry.getKeyNode(), path + " must have a text for each name");
            } else if (texts.putIfAbsent(key.getValue(), value.getValue()) != null) {
                problem(entry.getKeyNode(), path + "." + key.getValue() + " is set twice: leave one of them");
            } else {
                places.put(path + "." + key.getValue(), entry.getKeyNode());
            }
        }
        taker.accept(texts);
    }

    /** A list of mappings with the same fields. */
    void list(Node node, String path, Function<String, Map<String, Field>> fields, Runnable done) {
        if (!(node instanceof SequenceNode list)) {
            problem(node, path + " must be a list");
            return;
        }
        for (int i = 0; i < list.getValue().size(); i++) {
            String where = path + "[" + i + "]";
            places.put(where, list.getValue().get(i));
            mapping(list.getValue().get(i), where, fields.apply(where));
            done.run();
        }
    }

    /**
     * Says what is wrong with a field that was read: at its place, or at that of what it is missing from; nothing when it follows
     * from what was said before.
     *
     * @param path by the keys of the file
     */
    void problemAt(String path, Node root, String what) {
        problemAt(places.at(path), root, what);
    }

    void problemAt(FilePlaces.Place place, Node root, String what) {
        if (!places.told(place)) {
            problem(place.node() == null ? root : place.node(), what);
        }
    }

    /** Says that a key is missing, unless one is there that was most likely meant to be it. */
    void missing(String path, Node root, String what) {
        if (!places.has(path) && !places.meant(path)) {
            problem(root, what);
            places.settled(path);
        }
    }

    FilePlaces places() {
        return places;
    }

    void problem(Node node, String what) {
        places.wrong(node);
        problems.add(at(file, node, what));
    }

    /** What is wrong with a node of a file. */
    static Problem at(String file, Node node, String what) {
        int line = node.getStartMark().map(Mark::getLine).orElse(0) + 1;
        int column = node.getStartMark().map(Mark::getColumn).orElse(0) + 1;
        return new Problem(file, line, column, what);
    }

    /** Takes over what another reader of the file found wrong. */
    void add(List<Problem> more) {
        problems.addAll(more);
    }

    boolean good() {
        return problems.isEmpty();
    }

    /** All that is wrong, in the order of the file. */
    JobFileException refusal() {
        return new JobFileException(problems());
    }

    List<Problem> problems() {
        return problems.stream()
                .sorted(Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column))
                .toList();
    }
}
