package io.quarry.local;

import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.schemas.provision.TopicProvisioner;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The row of the group that local mode starts with: what the start was given, and of the rest what an operator made of it. */
final class StartGroup {
    /** Setting with the names of those that were given of the group's size. */
    static final String GIVEN = "local.group.given";

    static final String WORKERS = "workers";
    static final String MEMORY = "worker.memory.bytes";
    static final String CPU = "worker.cpu.millis";
    static final String SPILL = "worker.spill.bytes";
    static final Set<String> SIZES = Set.of(WORKERS, MEMORY, CPU, SPILL);

    private StartGroup() {}

    /**
     * The row to write; empty when the one that is known stays.
     *
     * @param known the row as it is
     * @param own the group as this start's settings have it
     * @param settings the start's settings
     */
    static Optional<ResourceGroup> of(@Nullable ResourceGroup known, ResourceGroup own, Map<String, String> settings) {
        int workers = Math.max(1, Integer.parseInt(settings.getOrDefault(WORKERS, "1")));
        if (known == null || !isOperators(known)) {
            // The size is that of the workers that this start runs, not of those of an earlier one.
            return Optional.of(ResourceGroup.newBuilder(known == null ? own : known)
                    .setWorker(own.getWorker())
                    .setMinWorkers(workers)
                    .setMaxWorkers(workers)
                    .build());
        }
        Set<String> given = Set.of(settings.getOrDefault(GIVEN, "").split(","));
        if (SIZES.stream().noneMatch(given::contains)) {
            return Optional.empty();
        }
        ResourceGroup.Builder row = ResourceGroup.newBuilder(known);
        if (given.contains(WORKERS)) {
            row.setMinWorkers(workers).setMaxWorkers(workers);
        }
        Resources.Builder size = Resources.newBuilder(known.getWorker());
        if (given.contains(MEMORY)) {
            size.setMemoryBytes(own.getWorker().getMemoryBytes());
        }
        if (given.contains(CPU)) {
            size.setCpuMillis(own.getWorker().getCpuMillis());
        }
        if (given.contains(SPILL)) {
            size.setEphemeralStorageBytes(own.getWorker().getEphemeralStorageBytes());
        }
        return Optional.of(row.setWorker(size.build()).build());
    }

    private static boolean isOperators(ResourceGroup known) {
        return known.getChangedBy() != null && !known.getChangedBy().equals(TopicProvisioner.SELF);
    }
}
