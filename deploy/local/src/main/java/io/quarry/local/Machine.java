package io.quarry.local;

import java.lang.management.ManagementFactory;

/**
 * What there is to divide among the workers.
 *
 * @param memoryBytes memory of the machine, or of the container that this JVM runs in
 * @param processors processors of the same
 */
public record Machine(long memoryBytes, int processors) {
    /** The machine that this JVM runs on. */
    public static Machine current() {
        long memory =
                ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean os
                        ? os.getTotalMemorySize()
                        : 4L << 30;
        return new Machine(memory, Runtime.getRuntime().availableProcessors());
    }
}
