package io.quarry.local.cli;

import io.quarry.avro.OnMemory;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.SpillVolume;
import io.quarry.avro.Toleration;
import io.quarry.local.cli.FileFields.Field;
import io.quarry.schemas.GroupRules;
import io.quarry.schemas.Quantities;
import io.quarry.schemas.Violation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * A resource group as people write it: YAML or JSON with {@code name}, {@code worker}, {@code workers} and {@code oversize},
 * and much that may be left out. What the file does not say is the default's, never what the group had before. What a group
 * is in ({@code status}) is shown and not read: a pause stays when a file is applied. {@link GroupTree} writes such a file.
 */
final class GroupFile {
    private final FileFields file;
    private final ResourceGroup.Builder group =
            ResourceGroup.newBuilder().setName("").setWorker(new Resources());
    private @Nullable Resources ceiling;
    private @Nullable String policy;

    private GroupFile(FileFields file) {
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
        return new GroupFile(new FileFields(name)).read(root);
    }

    private ResourceGroup read(Node root) throws JobFileException {
        Map<String, Field> fields = new LinkedHashMap<>();
        text(fields, "name", group::setName);
        fields.put("worker", node -> group.setWorker(size(node, "worker")));
        fields.put("workers", node -> file.mapping(node, "workers", workers()));
        fields.put("scaling", node -> file.mapping(node, "scaling", scaling()));
        fields.put("oversize", node -> file.mapping(node, "oversize", oversize()));
        fields.put("max_attempts", node -> file.whole(node, "max_attempts", group::setMaxAttempts));
        duration(fields, "", "timeout", group::setTimeoutMs);
        duration(fields, "", "max_run_time", group::setMaxRunMs);
        duration(fields, "", "backoff", group::setBackoffMs);
        duration(fields, "", "max_backoff", group::setMaxBackoffMs);
        fields.put("retry_on", node -> file.words(node, "retry_on", group::setRetryOn));
        fields.put("no_retry_on", node -> file.words(node, "no_retry_on", group::setNoRetryOn));
        fields.put("on_memory", this::onMemory);
        duration(fields, "", "lease", group::setLeaseMs);
        duration(fields, "", "drain", group::setDrainMs);
        fields.put(
                "engine_memory_share", node -> file.decimal(node, "engine_memory_share", group::setEngineMemoryShare));
        fields.put(
                "scan_cache",
                node -> file.amount(node, "scan_cache", Quantities::bytesOrNone, group::setScanCacheBytes));
        fields.put("spill_volume", this::spillVolume);
        fields.put("environment", node -> file.texts(node, "environment", group::setEnvironment));
        text(fields, "image", group::setImage);
        text(fields, "image_pull_policy", group::setImagePullPolicy);
        text(fields, "service_account", group::setServiceAccount);
        text(fields, "priority_class", group::setPriorityClass);
        fields.put("node_selector", node -> file.texts(node, "node_selector", group::setNodeSelector));
        fields.put("tolerations", this::tolerations);
        fields.put("labels", node -> file.texts(node, "labels", group::setLabels));
        text(fields, "owner", group::setOwner);
        fields.put("status", node -> {});
        file.mapping(root, "", fields);
        oversizeFits(root);
        group.setOversizeCeiling(ceiling);
        if (!(root instanceof MappingNode)) {
            throw file.refusal();
        }
        ResourceGroup made = group.build();
        for (Violation violation : GroupRules.check(made)) {
            file.problemAt(GroupWords.path(violation), root, GroupWords.said(violation));
        }
        if (file.good()) {
            return made;
        }
        throw file.refusal();
    }

    private void oversizeFits(Node root) {
        if ("launch".equals(policy) && ceiling == null) {
            file.problem(
                    root,
                    "oversize.ceiling is missing: with policy launch it is the largest process that may be started");
        }
        if ("refuse".equals(policy) && ceiling != null) {
            file.problem(
                    root,
                    "oversize.ceiling is set: with policy refuse nothing larger than a worker runs; leave it out");
        }
    }

    private Map<String, Field> workers() {
        Map<String, Field> fields = new LinkedHashMap<>();
        fields.put("min", node -> file.whole(node, "workers.min", group::setMinWorkers));
        fields.put("max", node -> file.whole(node, "workers.max", group::setMaxWorkers));
        return fields;
    }

    private Map<String, Field> scaling() {
        Map<String, Field> fields = new LinkedHashMap<>();
        duration(fields, "scaling.", "target_wait", group::setTargetWaitMs);
        duration(fields, "scaling.", "up_cooldown", group::setScaleUpCooldownMs);
        duration(fields, "scaling.", "down_cooldown", group::setScaleDownCooldownMs);
        return fields;
    }

    private Map<String, Field> oversize() {
        Map<String, Field> fields = new LinkedHashMap<>();
        fields.put(
                "policy",
                node -> file.text(node, "oversize.policy", text -> {
                    if (!List.of("launch", "refuse").contains(text)) {
                        file.problem(node, "oversize.policy is '" + text + "': must be launch or refuse");
                    }
                    policy = text;
                }));
        fields.put("ceiling", node -> ceiling = size(node, "oversize.ceiling"));
        return fields;
    }

    private void onMemory(Node node) {
        OnMemory.Builder next = OnMemory.newBuilder();
        Map<String, Field> fields = new LinkedHashMap<>();
        text(fields, "group", next::setGroup, "on_memory.");
        fields.put("factor", value -> file.decimal(value, "on_memory.factor", next::setFactor));
        file.mapping(node, "on_memory", fields);
        group.setOnMemory(next.build());
    }

    private Resources size(Node node, String path) {
        Resources.Builder size = Resources.newBuilder();
        Map<String, Field> fields = new LinkedHashMap<>();
        fields.put("cpu", value -> file.amount(value, path + ".cpu", Quantities::cpuMillis, size::setCpuMillis));
        fields.put("memory", value -> file.amount(value, path + ".memory", Quantities::bytes, size::setMemoryBytes));
        fields.put(
                "ephemeral_storage",
                value -> file.amount(
                        value, path + ".ephemeral_storage", Quantities::bytes, size::setEphemeralStorageBytes));
        file.mapping(node, path, fields);
        return size.build();
    }

    private void spillVolume(Node node) {
        SpillVolume.Builder volume = SpillVolume.newBuilder().setType("");
        Map<String, Field> fields = new LinkedHashMap<>();
        fields.put("type", value -> file.text(value, "spill_volume.type", volume::setType));
        fields.put("storage_class", value -> file.text(value, "spill_volume.storage_class", volume::setStorageClass));
        fields.put("path", value -> file.text(value, "spill_volume.path", volume::setPath));
        file.mapping(node, "spill_volume", fields);
        group.setSpillVolume(volume.build());
    }

    private void tolerations(Node node) {
        List<Toleration> read = new ArrayList<>();
        Toleration.Builder[] one = new Toleration.Builder[1];
        file.list(
                node,
                "tolerations",
                where -> {
                    Toleration.Builder toleration = Toleration.newBuilder();
                    one[0] = toleration;
                    Map<String, Field> fields = new LinkedHashMap<>();
                    fields.put("key", value -> file.text(value, where + ".key", toleration::setKey));
                    fields.put("operator", value -> file.text(value, where + ".operator", toleration::setOperator));
                    fields.put("value", value -> file.text(value, where + ".value", toleration::setValue));
                    fields.put("effect", value -> file.text(value, where + ".effect", toleration::setEffect));
                    fields.put(
                            "seconds",
                            value -> file.whole(
                                    value, where + ".seconds", seconds -> toleration.setSeconds(seconds.longValue())));
                    return fields;
                },
                () -> read.add(one[0].build()));
        group.setTolerations(read);
    }

    private void text(Map<String, Field> fields, String key, Consumer<String> taker) {
        text(fields, key, taker, "");
    }

    private void text(Map<String, Field> fields, String key, Consumer<String> taker, String path) {
        fields.put(key, node -> file.text(node, path + key, taker));
    }

    private void duration(Map<String, Field> fields, String path, String key, Consumer<Long> taker) {
        fields.put(key, node -> file.duration(node, path + key, taker));
    }
}
