package io.quarry.worker;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Resident memory of this process as the kernel counts it; 0 where there is no /proc. Its files stay open, since every attempt
 * asks. Safe for use by several threads.
 */
final class ProcessMemory {
    private static final byte[] RESET_PEAK = {'5'};

    /**
     * What the process has.
     *
     * @param now bytes resident
     * @param peak most bytes resident since the last reset
     */
    record Sample(long now, long peak) {}

    private final Path proc;
    private final byte[] text = new byte[8192];
    private @Nullable RandomAccessFile status;
    private @Nullable RandomAccessFile clearRefs;
    private boolean kernelKeepsPeak;
    private long peak;

    ProcessMemory(Path proc) {
        this.proc = proc;
    }

    /** Begins a new peak: the kernel's where it lets us, otherwise the highest value seen by us. */
    synchronized void resetPeak() {
        peak = 0;
        try {
            RandomAccessFile file = clearRefs;
            if (file == null) {
                file = new RandomAccessFile(proc.resolve("clear_refs").toFile(), "rw");
                clearRefs = file;
            }
            file.seek(0);
            file.write(RESET_PEAK);
            kernelKeepsPeak = true;
        } catch (IOException | RuntimeException e) {
            kernelKeepsPeak = false;
        }
    }

    synchronized Sample sample() {
        String lines = status();
        long resident = line(lines, "VmRSS:");
        peak = Math.max(peak, kernelKeepsPeak ? line(lines, "VmHWM:") : resident);
        return new Sample(resident, peak);
    }

    private String status() {
        try {
            RandomAccessFile file = status;
            if (file == null) {
                file = new RandomAccessFile(proc.resolve("status").toFile(), "r");
                status = file;
            }
            file.seek(0);
            int length = file.read(text);
            return length <= 0 ? "" : new String(text, 0, length, StandardCharsets.ISO_8859_1);
        } catch (IOException | RuntimeException e) {
            return "";
        }
    }

    /** Bytes in a line such as {@code VmRSS:     1234 kB}. */
    private static long line(String lines, String name) {
        int at = lines.indexOf(name);
        if (at < 0) {
            return 0;
        }
        long kibibytes = 0;
        for (int i = at + name.length(); i < lines.length() && lines.charAt(i) != '\n'; i++) {
            char c = lines.charAt(i);
            if (c >= '0' && c <= '9') {
                kibibytes = kibibytes * 10 + (c - '0');
            }
        }
        return kibibytes << 10;
    }
}
