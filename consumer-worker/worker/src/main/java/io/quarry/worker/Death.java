package io.quarry.worker;

import io.quarry.avro.Cause;
import java.util.List;
import java.util.OptionalLong;

/**
 * What whoever watched a worker's process saw of its end.
 *
 * @param exitCode its exit code; 128 and the signal's number where a signal ended it; {@link #UNKNOWN} when nobody waited
 * @param oomKills how many processes the kernel killed for their memory in the worker's control group while it lived; 0 where
 *     nobody counts
 * @param overLimit whether the watcher killed it because it had outgrown its memory
 * @param peakMemoryBytes highest resident memory that was seen; empty when nobody looked
 * @param memoryLimitBytes memory that it was given; empty when unknown
 * @param lastLines the end of its log
 */
public record Death(
        int exitCode,
        long oomKills,
        boolean overLimit,
        OptionalLong peakMemoryBytes,
        OptionalLong memoryLimitBytes,
        List<String> lastLines) {
    /** Exit code of a process that was found to be gone. */
    public static final int UNKNOWN = -1;

    public Death {
        lastLines = List.copyOf(lastLines);
    }

    /** Why a process ended that was started for one job and had not claimed it. */
    public Cause beforeClaim() {
        return DeathCause.unclaimed(this);
    }

    /** Of a worker that was found to be gone, by somebody who had not watched it. */
    public static Death found(List<String> lastLines) {
        return new Death(UNKNOWN, 0, false, OptionalLong.empty(), OptionalLong.empty(), lastLines);
    }
}
