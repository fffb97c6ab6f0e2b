package io.quarry.schemas;

import io.quarry.avro.OnMemory;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rules that a resource group obeys. Pure. */
public final class GroupRules {
    static final String NAME_RULE =
            "must have 1 to 63 characters of a-z 0-9 and -, begin with a letter, not end with -, and"
                    + " not be dead, invalid or oversize";

    private static final long YEAR_MS = 366L * 24 * 3600 * 1000;

    private GroupRules() {}

    /** Every rule that a group breaks; empty for a good one. */
    public static List<Violation> check(ResourceGroup group) {
        Findings found = new Findings();
        found.require(Topics.validGroup(group.getName()), "name", group.getName(), NAME_RULE);
        sizes(found, group);
        attempts(found, group);
        onMemory(found, group);
        scaling(found, group);
        PodRules.check(found, group);
        found.length(1, 200, "owner", group.getOwner());
        if (group.getPaused() != null) {
            found.length(1, 200, "paused.by", group.getPaused().getBy());
            found.length(0, 1000, "paused.reason", group.getPaused().getReason());
        }
        return found.list();
    }

    private static void sizes(Findings found, ResourceGroup group) {
        Resources worker = group.getWorker();
        String whole = "must be set: a worker has a size";
        found.require(worker.getCpuMillis() != null, "worker.cpu_millis", null, whole);
        found.require(worker.getMemoryBytes() != null, "worker.memory_bytes", null, whole);
        found.require(worker.getEphemeralStorageBytes() != null, "worker.ephemeral_storage_bytes", null, whole);
        JobRules.resources(found, "worker", worker);
        JobRules.resources(found, "oversize_ceiling", group.getOversizeCeiling());
        Double share = group.getEngineMemoryShare();
        found.require(
                share == null || (share >= 0.1 && share <= 0.95),
                "engine_memory_share",
                share,
                "must be from 0.1 to 0.95: the rest is the Java heap and what allocators hold back");
        found.require(
                group.getScanCacheBytes() == 0,
                "scan_cache_bytes",
                group.getScanCacheBytes(),
                "must be 0: no worker keeps scanned files between jobs yet");
    }

    private static void attempts(Findings found, ResourceGroup group) {
        found.require(
                group.getMaxAttempts() >= 1 && group.getMaxAttempts() <= 100,
                "max_attempts",
                group.getMaxAttempts(),
                "must be from 1 to 100");
        found.timeout("timeout_ms", group.getTimeoutMs());
        found.atLeast(0, "backoff_ms", group.getBackoffMs());
        found.require(
                group.getMaxBackoffMs() >= group.getBackoffMs(),
                "max_backoff_ms",
                group.getMaxBackoffMs(),
                "must be at least backoff_ms, which is " + group.getBackoffMs());
        RetryRules.check(found, group.getRetryOn(), group.getNoRetryOn());
        // A heartbeat comes every 5 s unless a worker is set otherwise; a lease is at least three of them.
        span(found, "lease_ms", group.getLeaseMs(), 15_000);
        span(found, "drain_ms", group.getDrainMs(), 0);
        span(found, "max_run_ms", group.getMaxRunMs(), 1);
    }

    private static void onMemory(Findings found, ResourceGroup group) {
        OnMemory next = group.getOnMemory();
        if (next == null) {
            return;
        }
        found.require(
                next.getFactor() >= 1.1 && next.getFactor() <= 16,
                "on_memory.factor",
                next.getFactor(),
                "must be from 1.1 to 16");
        if (next.getGroup() != null) {
            found.require(Topics.validGroup(next.getGroup()), "on_memory.group", next.getGroup(), NAME_RULE);
            found.require(
                    !next.getGroup().equals(group.getName()),
                    "on_memory.group",
                    next.getGroup(),
                    "must be another group than the one itself");
            return;
        }
        Long own = group.getWorker().getMemoryBytes();
        Resources ceiling = group.getOversizeCeiling();
        Long most = ceiling == null ? null : ceiling.getMemoryBytes();
        found.require(
                most != null && own != null && most > own,
                "on_memory",
                "set",
                "needs a larger size: name a group in on_memory.group, or set oversize_ceiling.memory_bytes to more"
                        + " than a worker has");
    }

    private static void scaling(Findings found, ResourceGroup group) {
        found.atLeast(0, "min_workers", group.getMinWorkers());
        found.require(
                group.getMaxWorkers() >= Math.max(1, group.getMinWorkers()) && group.getMaxWorkers() <= 1000,
                "max_workers",
                group.getMaxWorkers(),
                "must be at least 1 and min_workers, and at most 1000");
        span(found, "target_wait_ms", group.getTargetWaitMs(), 0);
        span(found, "scale_up_cooldown_ms", group.getScaleUpCooldownMs(), 0);
        span(found, "scale_down_cooldown_ms", group.getScaleDownCooldownMs(), 0);
    }

    private static void span(Findings found, String field, @Nullable Long millis, long least) {
        found.require(
                millis == null || (millis >= least && millis <= YEAR_MS),
                field,
                millis,
                "must be from " + least + " ms to a year, " + YEAR_MS + " ms");
    }
}
