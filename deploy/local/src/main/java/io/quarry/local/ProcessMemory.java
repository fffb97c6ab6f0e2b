package io.quarry.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/**
 * Memory of one process as the kernel shows it in {@code /proc}.
 *
 * @param peakBytes highest resident memory, of its present job where it is a worker
 * @param ownBytes resident memory that is the process's own: heap, stacks and what it allocated natively, not mapped files
 */
public record ProcessMemory(long peakBytes, long ownBytes) {
    private static final ProcessMemory UNKNOWN = new ProcessMemory(0, 0);

    /** How far a worker may outgrow what it was given until it is killed, in percent of that. */
    private static final long PATIENCE_PERCENT = 125;

    /** Memory now; zeros when the process is gone or the system has no such thing. */
    public static ProcessMemory of(Path proc, long pid) {
        try {
            return parse(Files.readAllLines(proc.resolve(Long.toString(pid)).resolve("status")));
        } catch (IOException | RuntimeException e) {
            return UNKNOWN;
        }
    }

    static ProcessMemory parse(List<String> status) {
        return new ProcessMemory(bytes(status, "VmHWM:"), bytes(status, "RssAnon:"));
    }

    /** Whether the process has so much more than it was given that the machine has to be protected from it. */
    boolean outgrew(long givenBytes) {
        return ownBytes > givenBytes / 100 * PATIENCE_PERCENT;
    }

    OptionalLong peak() {
        return peakBytes == 0 ? OptionalLong.empty() : OptionalLong.of(peakBytes);
    }

    private static long bytes(List<String> status, String name) {
        return status.stream()
                .filter(line -> line.startsWith(name))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
                .findFirst()
                .orElse(0);
    }
}
