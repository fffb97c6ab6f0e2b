package io.quarry.schemas;

import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import java.util.List;

/** Rules that a resource group obeys. Pure. */
public final class GroupRules {
    static final String NAME_RULE =
            "must have 1 to 63 characters of a-z 0-9 and -, begin with a letter, and not be dead, invalid or oversize";

    private GroupRules() {}

    /** Every rule that a group breaks; empty for a good one. */
    public static List<Violation> check(ResourceGroup group) {
        Findings found = new Findings();
        found.require(Topics.validGroup(group.getName()), "name", group.getName(), NAME_RULE);
        Resources worker = group.getWorker();
        String whole = "must be set: a worker has a size";
        found.require(worker.getCpuMillis() != null, "worker.cpu_millis", null, whole);
        found.require(worker.getMemoryBytes() != null, "worker.memory_bytes", null, whole);
        found.require(worker.getEphemeralStorageBytes() != null, "worker.ephemeral_storage_bytes", null, whole);
        JobRules.resources(found, "worker", worker);
        JobRules.resources(found, "oversize_ceiling", group.getOversizeCeiling());
        found.atLeast(0, "min_workers", group.getMinWorkers());
        found.require(
                group.getMaxWorkers() >= Math.max(1, group.getMinWorkers()) && group.getMaxWorkers() <= 1000,
                "max_workers",
                group.getMaxWorkers(),
                "must be at least 1 and min_workers, and at most 1000");
        found.require(
                group.getMaxAttempts() >= 1 && group.getMaxAttempts() <= 100,
                "max_attempts",
                group.getMaxAttempts(),
                "must be from 1 to 100");
        found.atLeast(1, "timeout_ms", group.getTimeoutMs());
        found.atLeast(0, "backoff_ms", group.getBackoffMs());
        found.require(
                group.getMaxBackoffMs() >= group.getBackoffMs(),
                "max_backoff_ms",
                group.getMaxBackoffMs(),
                "must be at least backoff_ms, which is " + group.getBackoffMs());
        RetryRules.check(found, group.getRetryOn(), group.getNoRetryOn());
        return found.list();
    }
}
