package io.quarry.local;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.Resources;
import io.quarry.scheduler.launch.PodPlatform.Answer;
import io.quarry.schemas.Placement;
import io.quarry.schemas.Quantities;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What of this machine the processes of launched jobs may have. Memory is counted, since it cannot be shared; processors and
 * disk are shared. Pure.
 *
 * @param memoryBytes memory beside the workers'
 * @param cpuMillis all processors
 * @param diskBytes free disk
 */
record MachineRoom(long memoryBytes, long cpuMillis, long diskBytes) {
    /**
     * Why a job of the size is not started now or never; empty when it is.
     *
     * @param others memory of workers beyond those that the machine's room was reckoned beside
     */
    Optional<Answer> refuses(Resources size, List<Resources> running, long others) {
        List<String> broken = new ArrayList<>();
        if (size.getCpuMillis() > cpuMillis) {
            broken.add("cpu " + Quantities.formatCpu(size.getCpuMillis()) + " is more than "
                    + Quantities.formatCpu(cpuMillis));
        }
        if (size.getMemoryBytes() > memoryBytes) {
            broken.add("memory " + Quantities.formatBytes(size.getMemoryBytes()) + " is more than "
                    + Quantities.formatBytes(memoryBytes));
        }
        if (size.getEphemeralStorageBytes() > diskBytes) {
            broken.add("ephemeral storage " + Quantities.formatBytes(size.getEphemeralStorageBytes()) + " is more than "
                    + Quantities.formatBytes(diskBytes));
        }
        if (!broken.isEmpty()) {
            return Optional.of(never(size, broken));
        }
        long taken = running.stream().mapToLong(Resources::getMemoryBytes).sum();
        long free = memoryBytes - taken - others;
        if (size.getMemoryBytes() <= free) {
            return Optional.empty();
        }
        return Optional.of(new Answer.NoRoom("The job needs " + Quantities.formatBytes(size.getMemoryBytes())
                + " of memory, and of the machine's " + Quantities.formatBytes(memoryBytes) + " beside its workers "
                + running.size() + " launched job" + (running.size() == 1 ? " has " : "s have ")
                + Quantities.formatBytes(taken)
                + (others == 0 ? "" : ", other workers " + Quantities.formatBytes(others)) + "."));
    }

    private Answer never(Resources size, List<String> broken) {
        String nearest = Placement.format(new Resources(
                Math.min(size.getCpuMillis(), cpuMillis),
                Math.max(1, Math.min(size.getMemoryBytes(), memoryBytes)),
                Math.max(1, Math.min(size.getEphemeralStorageBytes(), diskBytes))));
        return new Answer.Never(new Cause(
                CauseType.MISPLACED,
                String.join(", ", broken) + ", what this machine has beside its workers. The nearest size is " + nearest
                        + ".",
                Map.of("asked", Placement.format(size), "nearest", nearest)));
    }
}
