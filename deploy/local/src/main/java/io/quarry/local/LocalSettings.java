package io.quarry.local;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Settings of local mode, checked.
 *
 * @param data the data directory
 * @param brokerPort port of the embedded broker, 0 for any that is free
 * @param registryPort port of the embedded registry, 0 for any that is free
 * @param workers how many worker processes to run, 0 for none
 * @param workerHeapBytes Java heap of one worker; the rest of its memory is the engine's
 * @param brokerReach how long an external broker may take to answer at the start
 * @param stopGrace how long a worker may take to stop before it is killed
 * @param passed every setting, defaults included, that broker clients, scheduler and workers get
 * @param machine what there is to divide
 */
public record LocalSettings(
        Path data,
        int brokerPort,
        int registryPort,
        int workers,
        long workerHeapBytes,
        Duration brokerReach,
        Duration stopGrace,
        Map<String, String> passed,
        Machine machine) {
    private static final long MIB = 1L << 20;
    private static final long GIB = 1L << 30;
    private static final int MOST_WORKERS = 64;

    /** What broker, registry and scheduler take. */
    private static final long OWN_MEMORY = 512 * MIB;

    public LocalSettings {
        passed = Map.copyOf(passed);
    }

    /** Local mode with nothing but defaults. */
    public static LocalSettings of(Path data) {
        return of(data, Map.of(), Machine.current());
    }

    /**
     * Reads the settings.
     *
     * @param data the data directory
     * @param given settings by name; those that local mode does not know are passed on to the processes it starts
     * @param machine what the defaults are derived from
     * @throws SettingException when a value is not possible
     */
    public static LocalSettings of(Path data, Map<String, String> given, Machine machine) {
        int workers = (int) number(given, "workers", 1, 0, MOST_WORKERS);
        long heap = number(given, "worker.heap.bytes", 256 * MIB, 64 * MIB, Long.MAX_VALUE);
        long share = machine.memoryBytes() / 2 / Math.max(1, workers);
        long memory = number(
                given,
                "worker.memory.bytes",
                Math.max(GIB, Math.min(4 * GIB, share)),
                heap + 256 * MIB,
                Long.MAX_VALUE);
        long cpu = number(
                given,
                "worker.cpu.millis",
                Math.max(1000L, 1000L * machine.processors() / Math.max(1, workers)),
                1,
                Long.MAX_VALUE);

        Map<String, String> passed = new HashMap<>(given);
        passed.put("worker.memory.bytes", Long.toString(memory));
        passed.put("worker.cpu.millis", Long.toString(cpu));
        passed.putIfAbsent("topic.prefix", "quarry.");
        passed.putIfAbsent("resource.group", "default");
        passed.putIfAbsent("replication.factor", "1");
        passed.putIfAbsent("job.events.partitions", "4");
        passed.putIfAbsent("scheduler.progress.interval.ms", "1000");
        // Asking the machine for room costs nothing.
        passed.putIfAbsent("launch.interval.ms", "500");
        passed.putIfAbsent("launch.reconcile.interval.ms", "5000");
        passed.put(
                StartGroup.GIVEN,
                StartGroup.SIZES.stream().filter(given::containsKey).sorted().collect(Collectors.joining(",")));
        passed.put("workers", Integer.toString(workers));
        // Whoever presses Ctrl-C wants the prompt back: the job goes to the front of its queue and runs at the next
        // start.
        passed.putIfAbsent("worker.on.stop", "hand-back");
        return new LocalSettings(
                data.toAbsolutePath().normalize(),
                (int) number(given, "broker.port", 0, 0, 65535),
                (int) number(given, "registry.port", 0, 0, 65535),
                workers,
                heap,
                Duration.ofMillis(number(given, "broker.reach.ms", 15_000, 100, 3_600_000)),
                Duration.ofMillis(number(given, "workers.stop.grace.ms", 10_000, 0, 86_400_000)),
                passed,
                machine);
    }

    /** Memory of the workers that it starts with. */
    long workersBytes() {
        return workers * Long.parseLong(get("worker.memory.bytes"));
    }

    /** What launched jobs may have beside the workers and local mode itself. */
    MachineRoom room(long diskBytes) {
        return new MachineRoom(
                Math.max(0, machine.memoryBytes() - workersBytes() - OWN_MEMORY),
                1000L * machine.processors(),
                diskBytes);
    }

    boolean hasOwnBroker() {
        return !passed.containsKey("bootstrap.servers");
    }

    boolean hasOwnRegistry() {
        return !passed.containsKey("schema.registry.url");
    }

    String get(String name) {
        String value = passed.get(name);
        if (value == null) {
            throw new IllegalArgumentException("No setting is named " + name);
        }
        return value;
    }

    private static long number(Map<String, String> given, String name, long fallback, long least, long most) {
        String text = given.get(name);
        if (text == null) {
            return Math.max(fallback, least);
        }
        String rule = most == Long.MAX_VALUE
                ? "must be a whole number, at least " + least
                : "must be a whole number from " + least + " to " + most;
        try {
            long value = Long.parseLong(text.trim());
            if (value < least || value > most) {
                throw new SettingException(name, text, rule);
            }
            return value;
        } catch (NumberFormatException e) {
            throw new SettingException(name, text, rule);
        }
    }
}
