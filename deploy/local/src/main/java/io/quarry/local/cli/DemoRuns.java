package io.quarry.local.cli;

import io.quarry.local.FileTree;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** The directories that demos keep their datasets in, one a run: the newest few stay. */
final class DemoRuns {
    static final int KEPT = 3;

    private static final DateTimeFormatter NAME =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss-SSS", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final String NAMES = "[0-9]{8}-[0-9]{6}-[0-9]{3}";

    private final Path root;

    private DemoRuns(Path root) {
        this.root = root;
    }

    static DemoRuns below(Path home) {
        return new DemoRuns(home.resolve(".quarry").resolve("demo"));
    }

    /** Directory of the run that begins now. */
    Path next(Instant now) {
        return root.resolve(NAME.format(now));
    }

    /** Removes all but the newest runs, never one that is under way, and nothing that is not a run. */
    List<Path> prune() throws IOException {
        if (!Files.isDirectory(root)) {
            return List.of();
        }
        List<Path> runs;
        try (Stream<Path> entries = Files.list(root)) {
            runs = entries.filter(entry -> entry.getFileName().toString().matches(NAMES))
                    .filter(Files::isDirectory)
                    .sorted(Comparator.reverseOrder())
                    .toList();
        }
        List<Path> old = runs.stream()
                .skip(KEPT)
                .filter(run -> !underWay(run.resolve("lock")))
                .toList();
        for (Path run : old) {
            FileTree.delete(run);
        }
        return old;
    }

    /** Whether the process that the lock names is still there. A run that ended leaves no lock, a killed one its dead pid. */
    private static boolean underWay(Path lock) {
        try {
            String pid = Files.isRegularFile(lock)
                    ? Files.readString(lock, StandardCharsets.US_ASCII).trim()
                    : "";
            return pid.matches("[0-9]{1,18}")
                    && ProcessHandle.of(Long.parseLong(pid))
                            .map(ProcessHandle::isAlive)
                            .orElse(false);
        } catch (IOException e) {
            return true;
        }
    }
}
