package io.quarry.local.cli;

import io.quarry.avro.OnMemory;
import io.quarry.avro.Pause;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.SpillVolume;
import io.quarry.avro.Toleration;
import io.quarry.schemas.Quantities;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A resource group as a file for people, which {@link GroupFile} reads back as the same. Pure. */
final class GroupTree {
    private GroupTree() {}

    /** What a file says: without what the group is in. */
    static Map<String, Object> of(ResourceGroup group) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("name", group.getName());
        tree.put("worker", size(group.getWorker()));
        Map<String, Object> workers = new LinkedHashMap<>();
        workers.put("min", group.getMinWorkers());
        workers.put("max", group.getMaxWorkers());
        tree.put("workers", workers);
        Map<String, Object> scaling = new LinkedHashMap<>();
        scaling.put("target_wait", duration(group.getTargetWaitMs()));
        scaling.put("up_cooldown", duration(group.getScaleUpCooldownMs()));
        scaling.put("down_cooldown", duration(group.getScaleDownCooldownMs()));
        tree.put("scaling", scaling);
        Map<String, Object> oversize = new LinkedHashMap<>();
        Resources most = group.getOversizeCeiling();
        oversize.put("policy", most == null ? "refuse" : "launch");
        if (most != null) {
            oversize.put("ceiling", size(most));
        }
        tree.put("oversize", oversize);
        attempts(tree, group);
        process(tree, group);
        put(tree, "labels", sorted(group.getLabels()));
        put(tree, "owner", group.getOwner());
        return tree;
    }

    /** The file, and what the group is in. */
    static Map<String, Object> shown(ResourceGroup group) {
        Map<String, Object> tree = of(group);
        Map<String, Object> status = new LinkedHashMap<>();
        status.put("version", group.getVersion());
        put(status, "changed_by", group.getChangedBy());
        Pause pause = group.getPaused();
        if (pause != null) {
            Map<String, Object> paused = new LinkedHashMap<>();
            paused.put("by", pause.getBy());
            paused.put("reason", pause.getReason());
            paused.put("at", pause.getAt().toString());
            paused.put("workers_leave", pause.getWorkersLeave());
            status.put("paused", paused);
        }
        tree.put("status", status);
        return tree;
    }

    private static void attempts(Map<String, Object> tree, ResourceGroup group) {
        tree.put("max_attempts", group.getMaxAttempts());
        tree.put("timeout", duration(group.getTimeoutMs()));
        put(tree, "max_run_time", duration(group.getMaxRunMs()));
        tree.put("backoff", duration(group.getBackoffMs()));
        tree.put("max_backoff", duration(group.getMaxBackoffMs()));
        if (!group.getRetryOn().isEmpty()) {
            tree.put("retry_on", group.getRetryOn());
        }
        if (!group.getNoRetryOn().isEmpty()) {
            tree.put("no_retry_on", group.getNoRetryOn());
        }
        OnMemory next = group.getOnMemory();
        if (next != null) {
            Map<String, Object> onMemory = new LinkedHashMap<>();
            put(onMemory, "group", next.getGroup());
            onMemory.put("factor", next.getFactor());
            tree.put("on_memory", onMemory);
        }
        put(tree, "lease", duration(group.getLeaseMs()));
        put(tree, "drain", duration(group.getDrainMs()));
    }

    private static void process(Map<String, Object> tree, ResourceGroup group) {
        put(tree, "engine_memory_share", group.getEngineMemoryShare());
        if (group.getScanCacheBytes() > 0) {
            tree.put("scan_cache", Quantities.formatBytes(group.getScanCacheBytes()));
        }
        SpillVolume volume = group.getSpillVolume();
        if (volume != null) {
            Map<String, Object> spill = new LinkedHashMap<>();
            spill.put("type", volume.getType());
            put(spill, "storage_class", volume.getStorageClass());
            put(spill, "path", volume.getPath());
            tree.put("spill_volume", spill);
        }
        put(tree, "environment", sorted(group.getEnvironment()));
        put(tree, "image", group.getImage());
        put(tree, "image_pull_policy", group.getImagePullPolicy());
        put(tree, "service_account", group.getServiceAccount());
        put(tree, "priority_class", group.getPriorityClass());
        put(tree, "node_selector", sorted(group.getNodeSelector()));
        if (!group.getTolerations().isEmpty()) {
            tree.put(
                    "tolerations",
                    group.getTolerations().stream().map(GroupTree::toleration).toList());
        }
    }

    private static Map<String, Object> toleration(Toleration toleration) {
        Map<String, Object> tree = new LinkedHashMap<>();
        put(tree, "key", toleration.getKey());
        tree.put("operator", toleration.getOperator());
        put(tree, "value", toleration.getValue());
        put(tree, "effect", toleration.getEffect());
        put(tree, "seconds", toleration.getSeconds());
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

    private static String duration(long millis) {
        return Durations.format(Duration.ofMillis(millis));
    }

    private static @Nullable String duration(@Nullable Long millis) {
        return millis == null ? null : Durations.format(Duration.ofMillis(millis));
    }

    private static @Nullable Map<String, String> sorted(Map<String, String> texts) {
        return texts.isEmpty() ? null : new TreeMap<>(texts);
    }

    private static void put(Map<String, Object> tree, String key, @Nullable Object value) {
        if (value != null) {
            tree.put(key, value);
        }
    }
}
