package io.quarry.local;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The last lines of a log. */
public final class LogTail {
    private static final int LINES = 15;
    private static final int BYTES = 16 << 10;

    private LogTail() {}

    /** The last lines as one text; why they cannot be read where they cannot. */
    public static String of(Path log) {
        try {
            return String.join("\n", lines(log, 0));
        } catch (IOException e) {
            return "(" + e + ")";
        }
    }

    /** The last lines of what stands behind a position. */
    static List<String> lines(Path log, long from) throws IOException {
        try (SeekableByteChannel channel = Files.newByteChannel(log)) {
            long size = channel.size();
            // A log that is shorter than it was has been begun anew.
            long begin = Math.max(size - BYTES, from <= size ? from : 0);
            ByteBuffer bytes = ByteBuffer.allocate((int) (size - begin));
            channel.position(begin);
            int read = 0;
            while (bytes.hasRemaining() && read >= 0) {
                read = channel.read(bytes);
            }
            List<String> lines = new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            return lines.subList(Math.max(0, lines.size() - LINES), lines.size());
        }
    }
}
