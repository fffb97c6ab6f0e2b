package io.quarry.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** How often the kernel has killed a process of our control group for its memory. Child processes are in the same group. */
final class OomKills {
    private final List<Path> candidates;

    private OomKills(List<Path> candidates) {
        this.candidates = candidates;
    }

    /**
     * Finds the kernel's counter.
     *
     * @param membership text of {@code /proc/self/cgroup}
     * @param root where the control groups are mounted, {@code /sys/fs/cgroup}
     */
    static OomKills of(List<String> membership, Path root) {
        Stream<Path> named = membership.stream().flatMap(line -> {
            String[] parts = line.split(":", 3);
            if (parts.length < 3) {
                return Stream.of();
            }
            String group = parts[2].replaceFirst("^/+", "");
            if (parts[1].isEmpty()) {
                return Stream.of(root.resolve(group).resolve("memory.events"));
            }
            return List.of(parts[1].split(",")).contains("memory")
                    ? Stream.of(root.resolve("memory").resolve(group).resolve("memory.oom_control"))
                    : Stream.of();
        });
        // Within a container the group's name is often the host's, and its files are at the root.
        return new OomKills(Stream.concat(
                        named,
                        Stream.of(
                                root.resolve("memory.events"),
                                root.resolve("memory").resolve("memory.oom_control")))
                .toList());
    }

    /** The counter of this process's group. */
    static OomKills current() {
        List<String> membership;
        try {
            membership = Files.readAllLines(Path.of("/proc/self/cgroup"));
        } catch (IOException e) {
            membership = List.of();
        }
        return of(membership, Path.of("/sys/fs/cgroup"));
    }

    /** The count now; 0 where nobody counts. */
    long count() {
        for (Path file : candidates) {
            try {
                for (String line : Files.readAllLines(file)) {
                    if (line.startsWith("oom_kill ")) {
                        return Long.parseLong(
                                line.substring("oom_kill ".length()).trim());
                    }
                }
            } catch (IOException | NumberFormatException e) {
                // Not this one.
            }
        }
        return 0;
    }
}
