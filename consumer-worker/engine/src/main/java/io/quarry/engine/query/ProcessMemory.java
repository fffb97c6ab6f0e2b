package io.quarry.engine.query;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Resident memory of a process, in bytes. */
interface ProcessMemory {
    /** Resident now; 0 where it cannot be read. */
    long resident();

    /** Highest since {@link #resetPeak}, or since the process began where that is not possible; 0 where it cannot be read. */
    long peak();

    void resetPeak();

    /** Reads this process's numbers from Linux's /proc; zeros elsewhere. */
    static ProcessMemory ofThisProcess() {
        return new ProcessMemory() {
            @Override
            public long resident() {
                return read("VmRSS:");
            }

            @Override
            public long peak() {
                return read("VmHWM:");
            }

            @Override
            public void resetPeak() {
                try {
                    Files.writeString(Path.of("/proc/self/clear_refs"), "5");
                } catch (IOException notAllowed) {
                    // Then the peak is the process's since its start: too high at worst, never too low.
                    return;
                }
            }
        };
    }

    private static long read(String field) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"), StandardCharsets.ISO_8859_1)) {
                if (line.startsWith(field)) {
                    return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
                }
            }
        } catch (IOException absent) {
            return 0;
        }
        return 0;
    }
}
