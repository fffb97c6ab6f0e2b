package io.quarry.worker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Resident memory of this process as the kernel counts it; 0 where there is no /proc. */
final class ProcessMemory {
    private final Path proc;
    private boolean kernelKeepsPeak;
    private long peak;

    ProcessMemory(Path proc) {
        this.proc = proc;
    }

    /** Begins a new peak: the kernel's where it lets us, otherwise the highest value seen by us. */
    synchronized void resetPeak() {
        peak = 0;
        try {
            Files.writeString(proc.resolve("clear_refs"), "5");
            kernelKeepsPeak = true;
        } catch (IOException | RuntimeException e) {
            kernelKeepsPeak = false;
        }
    }

    synchronized long now() {
        long rss = line("VmRSS:");
        peak = Math.max(peak, rss);
        return rss;
    }

    synchronized long peak() {
        peak = Math.max(peak, kernelKeepsPeak ? line("VmHWM:") : line("VmRSS:"));
        return peak;
    }

    private long line(String name) {
        try {
            List<String> lines = Files.readAllLines(proc.resolve("status"));
            for (String line : lines) {
                if (line.startsWith(name)) {
                    return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
                }
            }
        } catch (IOException | RuntimeException e) {
            return 0;
        }
        return 0;
    }
}
