package io.quarry.worker;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.Job;
import io.quarry.avro.Resources;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Whether a worker runs a job that it took: it needs a handler of the job's kind and the size that the job asks for. A job
 * that it refuses fails by name, so that nobody waits for a worker that cannot come.
 *
 * @param size what the worker has
 * @param kinds kinds that it has a handler of
 * @param group resource group of the worker
 */
record Admission(WorkerSize size, Set<String> kinds, String group) {
    Admission {
        kinds = Set.copyOf(kinds);
    }

    /** Why the job is not run; empty when it is. */
    Optional<Cause> refusal(Job job) {
        if (!kinds.contains(job.getKind())) {
            return Optional.of(new Cause(
                    CauseType.UNKNOWN_KIND,
                    "No handler of kind '" + job.getKind() + "' in resource group " + group + "; there are "
                            + String.join(", ", new TreeSet<>(kinds)) + ".",
                    Map.of("kind", job.getKind(), "resource_group", group)));
        }
        return misplaced(job.getResources());
    }

    private Optional<Cause> misplaced(@Nullable Resources asked) {
        if (asked == null) {
            return Optional.empty();
        }
        Map<String, String> evidence = new TreeMap<>();
        compare(evidence, "cpu_millis", asked.getCpuMillis(), size.cpuMillis());
        compare(evidence, "memory_bytes", asked.getMemoryBytes(), size.memoryBytes());
        compare(evidence, "ephemeral_storage_bytes", asked.getEphemeralStorageBytes(), size.spillBytes());
        if (evidence.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new Cause(
                CauseType.MISPLACED,
                "The job asks for more than a worker of resource group " + group
                        + " has. The nearest size that fits is cpu_millis="
                        + size.cpuMillis() + ", memory_bytes=" + size.memoryBytes() + ", ephemeral_storage_bytes="
                        + size.spillBytes() + ": ask for that or less, or choose a group of larger workers.",
                evidence));
    }

    private static void compare(Map<String, String> evidence, String field, @Nullable Long asked, long has) {
        if (asked != null && asked > has) {
            evidence.put("asked_" + field, String.valueOf(asked));
            evidence.put("worker_" + field, String.valueOf(has));
        }
    }
}
