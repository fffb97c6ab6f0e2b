package io.quarry.local.cli;

import io.quarry.schemas.Violation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Where the values of a file stand, by their path in the words of the file, and where something is wrong already. A rule that a
 * value breaks is then told at its place by the key that stands there, and not when it follows from what was told before. For
 * one file.
 */
final class FilePlaces {
    private static final Pattern STEP = Pattern.compile("([^.\\[]+)|(\\[[0-9]+])");

    private final Map<String, Node> nodes = new HashMap<>();
    private final Set<String> settled = new HashSet<>();
    private final List<Mark> wrong = new ArrayList<>();

    /**
     * A field of a record in a file.
     *
     * @param path by the keys that the file has
     * @param node the value there, or that which it is missing from; null when the file has nothing of it
     * @param exact whether it is the value's own
     */
    record Place(String path, @Nullable Node node, boolean exact) {}

    void put(String path, Node value) {
        nodes.put(path, value);
    }

    /** That something is wrong with a node, or within it. */
    void wrong(Node node) {
        node.getStartMark().ifPresent(wrong::add);
    }

    /** That all is said about a value that is missing. */
    void settled(String path) {
        settled.add(path);
    }

    /** That an unknown key is most likely this one. */
    void meantBy(String path, Node key) {
        settled.add(path);
        wrong(key);
    }

    /** Whether all is said about a value that is missing. */
    boolean meant(String path) {
        return settled.contains(path) && !nodes.containsKey(path);
    }

    boolean has(String path) {
        return nodes.containsKey(path);
    }

    /** A path in the words of the file. */
    Place at(String path) {
        Node own = nodes.get(path);
        String place = path;
        while (!nodes.containsKey(place) && !place.isEmpty()) {
            place = parent(place);
        }
        return new Place(path, nodes.get(place), own != null);
    }

    /**
     * Where a field stands.
     *
     * @param field its path by the names of the record
     */
    Place of(String field) {
        StringBuilder path = new StringBuilder();
        Node node = null;
        boolean exact = true;
        Matcher steps = STEP.matcher(field);
        while (steps.find()) {
            String step = steps.group();
            String before = path.toString();
            List<String> names = step.startsWith("[")
                    ? List.of(before + step)
                    : PeoplesForm.spellings(step).stream()
                            .map(name -> below(before, name))
                            .toList();
            Optional<String> there = names.stream().filter(nodes::containsKey).findFirst();
            node = there.map(nodes::get).orElse(node);
            exact &= there.isPresent();
            path.setLength(0);
            path.append(there.orElse(names.get(0)));
        }
        return new Place(path.toString(), node, exact);
    }

    /** Whether what is wrong at a place was told, or follows from it. */
    boolean told(Place place) {
        String path = place.path();
        while (!path.isEmpty()) {
            if (meant(path)) {
                return true;
            }
            path = parent(path);
        }
        Node node = place.node();
        return place.exact() && node != null && wrong.stream().anyMatch(mark -> within(node, mark));
    }

    /** A broken rule in the words of the file: the key that stands there, durations and sizes as people write them. */
    static String said(Violation broken, String path) {
        String said = new Violation(path, broken.value(), broken.rule()).toString();
        return broken.field().endsWith("_ms") ? Durations.inText(said).replace("_ms", "") : said;
    }

    private static boolean within(Node node, Mark mark) {
        Optional<Mark> start = node.getStartMark();
        Optional<Mark> end = node.getEndMark();
        if (start.isEmpty() || end.isEmpty()) {
            return false;
        }
        int at = mark.getIndex();
        return at == start.get().getIndex()
                || (at > start.get().getIndex() && at < end.get().getIndex());
    }

    private static String parent(String path) {
        return path.substring(0, Math.max(0, Math.max(path.lastIndexOf('.'), path.lastIndexOf('['))));
    }

    /** The path of what a mapping has under a key. */
    static String below(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }
}
