package io.quarry.local;

import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Makes the slots of workers: name, settings file, directories and command line. */
final class WorkerSlots {
    private final LocalSettings settings;
    private final DataDirectory data;
    private final Map<String, String> passed;
    private final String mainClass;

    WorkerSlots(LocalSettings settings, DataDirectory data, Map<String, String> passed, String mainClass) {
        this.settings = settings;
        this.data = data;
        this.passed = Map.copyOf(passed);
        this.mainClass = mainClass;
    }

    /** Least memory of a worker: its heap, and room for the rest of the process. */
    long leastMemoryBytes() {
        return settings.workerHeapBytes() + (256L << 20);
    }

    /** A slot for one more worker of a group, as its row says now. */
    WorkerSlot next(ResourceGroup group, Set<String> taken) {
        // The workers of the group that local mode is started with have always been called that.
        String stem = group.getName().equals(settings.get("resource.group")) ? "worker" : group.getName();
        int number = 1;
        while (taken.contains(stem + "-" + number)) {
            number++;
        }
        try {
            return slot(stem + "-" + number, group);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private WorkerSlot slot(String name, ResourceGroup group) throws IOException {
        Path scratch = data.scratch().resolve(name);
        Files.createDirectories(scratch);
        Map<String, String> own = new HashMap<>(passed);
        Resources size = group.getWorker();
        putNumber(own, "worker.cpu.millis", size.getCpuMillis());
        putNumber(own, "worker.memory.bytes", size.getMemoryBytes());
        putNumber(own, "worker.spill.bytes", size.getEphemeralStorageBytes());
        putOwn(own, group);
        own.put("worker.name", name);
        own.put("worker.scratch.dir", scratch.toString());
        own.put("worker.exit.on.stdin.eof", "true");
        own.put("worker.parent.pid", Long.toString(ProcessHandle.current().pid()));
        Path file = data.workers().resolve(name + ".properties");
        Properties properties = new Properties();
        properties.putAll(own);
        Files.deleteIfExists(file);
        Files.createFile(file);
        FileTree.ownerOnly(file);
        try (Writer writer = Files.newBufferedWriter(file)) {
            properties.store(writer, "Written by local mode for " + name);
        }
        Path tmp = data.tmp().resolve(name);
        List<String> command = WorkerCommand.likeThisProcess(settings.workerHeapBytes(), tmp, mainClass, file);
        return new WorkerSlot(
                name,
                command,
                group.getEnvironment(),
                data.logs().resolve(name + ".log"),
                tmp,
                data.workers().resolve(name + ".pid"),
                scratch,
                Long.parseLong(own.getOrDefault("worker.memory.bytes", "0")),
                "finish".equals(passed.get("worker.on.stop")));
    }

    /** What a group's row says of each of its processes, whatever their size. */
    static void putOwn(Map<String, String> own, ResourceGroup group) {
        own.put("resource.group", group.getName());
        if (group.getEngineMemoryShare() != null) {
            own.put("engine.memory.share", group.getEngineMemoryShare().toString());
        }
        if (group.getLeaseMs() != null) {
            long tick = Long.parseLong(own.getOrDefault("tick.interval.ms", "1000"));
            own.put("lease.ticks", Long.toString(Math.max(1, (group.getLeaseMs() + tick - 1) / tick)));
        }
    }

    private static void putNumber(Map<String, String> own, String name, @Nullable Long value) {
        if (value != null) {
            own.put(name, value.toString());
        }
    }
}
