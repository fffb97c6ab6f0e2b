package io.quarry.local.cli;

import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.engine.catalog.Problem;
import io.quarry.schemas.GroupRules;
import io.quarry.schemas.Quantities;
import io.quarry.schemas.Violation;
import java.time.DateTimeException;
import java.time.Duration;
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
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * A resource group as people write it: YAML or JSON with {@code name}, {@code worker}, {@code workers} and {@code oversize}.
 * What the file does not say is the default's, never what the group had before.
 */
final class GroupFile {
    private final String file;
    private final List<Problem> problems = new ArrayList<>();
    private final ResourceGroup.Builder group =
            ResourceGroup.newBuilder().setName("").setWorker(new Resources());
    private @Nullable Resources ceiling;
    private @Nullable String policy;

    private GroupFile(String file) {
        this.file = file;
    }

    /**
     * Reads a group.
     *
     * @param name name of the file, for errors
     * @throws JobFileException with every error at its line
     */
    static ResourceGroup parse(String text, String name) throws JobFileException {
        Node root = JobFile.compose(text, name);
        return new GroupFile(name).read(root);
    }

    private interface Field extends Consumer<Node> {}

    private ResourceGroup read(Node root) throws JobFileException {
        Map<String, Field> fields = new LinkedHashMap<>();
        fields.put("name", node -> text(node, "name", group::setName));
        fields.put("worker", node -> group.setWorker(size(node, "worker")));
        fields.put("workers", node -> mapping(node, "workers", workers()));
        fields.put("oversize", node -> mapping(node, "oversize", oversize()));
        fields.put("max_attempts", node -> whole(node, "max_attempts", group::setMaxAttempts));
        fields.put("timeout", node -> duration(node, "timeout", group::setTimeoutMs));
        fields.put("backoff", node -> duration(node, "backoff", group::setBackoffMs));
        fields.put("max_backoff", node -> duration(node, "max_backoff", group::setMaxBackoffMs));
        fields.put("retry_on", node -> words(node, "retry_on", group::setRetryOn));
        fields.put("no_retry_on", node -> words(node, "no_retry_on", group::setNoRetryOn));
        mapping(root, "", fields);
        if ("launch".equals(policy) && ceiling == null) {
            problem(
                    root,
                    "oversize.ceiling is missing: with policy launch it is the largest process that may be started");
        }
        if ("refuse".equals(policy) && ceiling != null) {
            problem(
                    root,
                    "oversize.ceiling is set: with policy refuse nothing larger than a worker runs; leave it out");
        }
        group.setOversizeCeiling(ceiling);
        if (problems.isEmpty()) {
            ResourceGroup made = group.build();
            for (Violation violation : GroupRules.check(made)) {
                problem(root, violation.toString());
            }
            if (problems.isEmpty()) {
                return made;
            }
        }
        throw new JobFileException(problems.stream()
                .sorted(Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column))
                .toList());
    }

    private Map<String, Field> workers() {
        Map<String, Field> fields = new LinkedHashMap<>();
        fields.put("min", node -> whole(node, "workers.min", group::setMinWorkers));
        fields.put("max", node -> whole(node, "workers.max", group::setMaxWorkers));
        return fields;
    }

    private Map<String, Field> oversize() {
        Map<String, Field> fields = new LinkedHashMap<>();
        fields.put(
                "policy",
                node -> text(node, "oversize.policy", text -> {
                    if (!List.of("launch", "refuse").contains(text)) {
                        problem(node, "oversize.policy is '" + text + "': must be launch or refuse");
                    }
                    policy = text;
                }));
        fields.put("ceiling", node -> ceiling = size(node, "oversize.ceiling"));
        return fields;
    }

    private Resources size(Node node, String path) {
        Resources.Builder size = Resources.newBuilder();
        Map<String, Field> fields = new LinkedHashMap<>();
        fields.put("cpu", value -> amount(value, path + ".cpu", Quantities::cpuMillis, size::setCpuMillis));
        fields.put("memory", value -> amount(value, path + ".memory", Quantities::bytes, size::setMemoryBytes));
        fields.put(
                "ephemeral_storage",
                value -> amount(value, path + ".ephemeral_storage", Quantities::bytes, size::setEphemeralStorageBytes));
        mapping(node, path, fields);
        return size.build();
    }

    private void mapping(Node node, String path, Map<String, Field> fields) {
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
            String where = path.isEmpty() ? name : path + "." + name;
            Field field = fields.get(name);
            if (field == null) {
                problem(
                        entry.getKeyNode(),
                        "unknown key " + where
                                + Spelling.nearest(name, fields.keySet())
                                        .map(near -> ": did you mean " + near + "?")
                                        .orElse(": there are " + String.join(", ", fields.keySet())));
            } else if (!seen.add(name)) {
                problem(entry.getKeyNode(), where + " is set twice: leave one of them");
            } else {
                field.accept(entry.getValueNode());
            }
        }
    }

    private void text(Node node, String path, Consumer<String> taker) {
        if (node instanceof ScalarNode scalar && !scalar.getValue().isBlank()) {
            taker.accept(scalar.getValue());
        } else {
            problem(node, path + " must be text");
        }
    }

    private void whole(Node node, String path, Consumer<Integer> taker) {
        text(node, path, text -> {
            if (text.matches("-?[0-9]{1,9}")) {
                taker.accept(Integer.parseInt(text));
            } else {
                problem(node, path + " is '" + text + "': must be a whole number");
            }
        });
    }

    private void amount(Node node, String path, Function<String, Long> reader, Consumer<Long> taker) {
        text(node, path, text -> {
            try {
                taker.accept(reader.apply(text));
            } catch (IllegalArgumentException refused) {
                problem(node, path + ": " + refused.getMessage());
            }
        });
    }

    private void duration(Node node, String path, Consumer<Long> taker) {
        text(node, path, text -> {
            try {
                Duration read = Durations.parse(text);
                taker.accept(read.toMillis());
            } catch (IllegalArgumentException | DateTimeException | ArithmeticException refused) {
                problem(node, path + " is '" + text + "': must be a duration such as 90s, 30m or 2h");
            }
        });
    }

    private void words(Node node, String path, Consumer<List<String>> taker) {
        List<String> words = new ArrayList<>();
        if (node instanceof SequenceNode list) {
            list.getValue().forEach(item -> text(item, path, words::add));
        } else {
            text(node, path, text -> words.addAll(Arrays.asList(text.strip().split("\\s*,\\s*"))));
        }
        taker.accept(words);
    }

    private void problem(Node node, String what) {
        int line = node.getStartMark().map(Mark::getLine).orElse(0) + 1;
        int column = node.getStartMark().map(Mark::getColumn).orElse(0) + 1;
        problems.add(new Problem(file, line, column, what));
    }

    /** The group as such a file: reads back as the same. */
    static Map<String, Object> tree(ResourceGroup group) {
        ResourceGroup plain = ResourceGroup.newBuilder()
                .setName("x")
                .setWorker(new Resources())
                .build();
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("name", group.getName());
        tree.put("worker", size(group.getWorker()));
        Map<String, Object> workers = new LinkedHashMap<>();
        workers.put("min", group.getMinWorkers());
        workers.put("max", group.getMaxWorkers());
        tree.put("workers", workers);
        Map<String, Object> oversize = new LinkedHashMap<>();
        Resources most = group.getOversizeCeiling();
        oversize.put("policy", most == null ? "refuse" : "launch");
        if (most != null) {
            oversize.put("ceiling", size(most));
        }
        tree.put("oversize", oversize);
        tree.put("max_attempts", group.getMaxAttempts());
        tree.put("timeout", Durations.format(Duration.ofMillis(group.getTimeoutMs())));
        tree.put("backoff", Durations.format(Duration.ofMillis(group.getBackoffMs())));
        tree.put("max_backoff", Durations.format(Duration.ofMillis(group.getMaxBackoffMs())));
        if (!group.getRetryOn().equals(plain.getRetryOn())) {
            tree.put("retry_on", group.getRetryOn());
        }
        if (!group.getNoRetryOn().equals(plain.getNoRetryOn())) {
            tree.put("no_retry_on", group.getNoRetryOn());
        }
        return tree;
    }

    static Map<String, Object> size(Resources size) {
        Map<String, Object> tree = new LinkedHashMap<>();
        if (size.getCpuMillis() != null) {
            tree.put("cpu", Quantities.formatCpu(size.getCpuMillis()));
        }
        if (size.getMemoryBytes() != null) {
            tree.put("memory", Quantities.formatBytes(size.getMemoryBytes()));
        }
        if (size.getEphemeralStorageBytes() != null) {
            tree.put("ephemeral_storage", Quantities.formatBytes(size.getEphemeralStorageBytes()));
        }
        return tree;
    }
}
