package io.quarry.local;

import io.quarry.avro.Resources;
import io.quarry.schemas.Quantities;
import java.util.Optional;

/** Why a machine can never run a worker of a size. Pure. */
public final class Obstacles {
    private Obstacles() {}

    /** The obstacle as one sentence; empty when there is none. CPU is none: a worker with fewer cores is slower. */
    public static Optional<String> of(Resources worker, Machine machine, long leastMemoryBytes) {
        Long memory = worker.getMemoryBytes();
        if (memory == null || memory < leastMemoryBytes) {
            return Optional.of("a worker needs at least " + Quantities.formatBytes(leastMemoryBytes)
                    + " of memory here, its Java heap included, and would get "
                    + (memory == null ? "none" : Quantities.formatBytes(memory)));
        }
        if (memory > machine.memoryBytes()) {
            return Optional.of(
                    "a worker of " + Quantities.formatBytes(memory) + " of memory does not fit this machine, which has "
                            + Quantities.formatBytes(machine.memoryBytes()));
        }
        return Optional.empty();
    }
}
