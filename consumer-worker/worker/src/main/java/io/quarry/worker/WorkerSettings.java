package io.quarry.worker;

import io.quarry.avro.Source;
import io.quarry.schemas.Topics;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Settings of one worker, checked.
 *
 * @param topics names of the topics
 * @param group resource group whose jobs are run
 * @param name name of the worker, one per process at a time
 * @param size what the worker has
 * @param scratchDir below it every worker has a directory of its own for temporary files
 * @param datasetsDir below it every claim has a directory of its own for its result
 * @param onStop what SIGTERM does to a running job
 * @param exitOnStdinEof whether the end of standard input (the parent died) stops the worker
 * @param heartbeat interval of the heartbeats
 * @param stopGrace how long a handler may take to stop before the process halts
 * @param lease shortest time that a lease may last
 * @param one the one job that the process is for; empty for a worker that takes jobs from its queue
 * @param readyFile file that is there while the worker takes jobs or has one; empty for none
 * @param all all settings as given: Kafka's and the registry's pass through, handlers read theirs
 */
record WorkerSettings(
        Topics topics,
        String group,
        String name,
        WorkerSize size,
        Path scratchDir,
        Path datasetsDir,
        OnStop onStop,
        boolean exitOnStdinEof,
        Duration heartbeat,
        Duration stopGrace,
        Duration lease,
        Optional<One> one,
        Optional<Path> readyFile,
        Map<String, String> all) {
    /**
     * The one job that the process is for.
     *
     * @param source its record
     * @param claim what it claims the attempt with
     */
    record One(Source source, UUID claim) {}

    /** A JVM with the Kafka clients and a query engine does not fit into less. */
    static final long LEAST_MEMORY = 256L << 20;

    private static final long DEFAULT_SPILL = 10L << 30;

    WorkerSettings {
        all = Map.copyOf(all);
    }

    static WorkerSettings of(Map<String, String> all) {
        if (text(all, "bootstrap.servers", null).isBlank()) {
            throw new SettingException("bootstrap.servers", "", "must name the broker as host:port");
        }
        String group = text(all, "resource.group", Topics.DEFAULT_GROUP);
        if (!Topics.validGroup(group)) {
            throw new SettingException(
                    "resource.group",
                    group,
                    "must be 1 to 63 characters of a-z 0-9 and -, beginning with a letter, not ending with -, and not dead, invalid or oversize");
        }
        WorkerSize size = new WorkerSize(
                number(all, "worker.cpu.millis", null, 1),
                number(all, "worker.memory.bytes", null, LEAST_MEMORY),
                number(all, "worker.spill.bytes", DEFAULT_SPILL, 1));
        Duration heartbeat = Duration.ofMillis(number(all, "worker.heartbeat.ms", 5000L, 10));
        Duration lease = Duration.ofMillis(
                Math.multiplyExact(number(all, "lease.ticks", 30L, 1), number(all, "tick.interval.ms", 1000L, 10)));
        if (heartbeat.multipliedBy(3).compareTo(lease) > 0) {
            throw new SettingException(
                    "worker.heartbeat.ms",
                    String.valueOf(heartbeat.toMillis()),
                    "must be at most a third of lease.ticks * tick.interval.ms = " + lease.toMillis());
        }
        String catalog = all.get("engine.catalog");
        if (catalog != null && !Files.isReadable(path("engine.catalog", catalog))) {
            throw new SettingException("engine.catalog", catalog, "must be a file that can be read");
        }
        return new WorkerSettings(
                new Topics(text(all, "topic.prefix", Topics.DEFAULT_PREFIX)),
                group,
                text(all, "worker.name", null),
                size,
                path("worker.scratch.dir", text(all, "worker.scratch.dir", null)),
                path("worker.datasets.dir", text(all, "worker.datasets.dir", null)),
                onStop(text(all, "worker.on.stop", "finish")),
                flag(all, "worker.exit.on.stdin.eof"),
                heartbeat,
                Duration.ofMillis(number(all, "worker.stop.grace.ms", 30_000L, 1)),
                lease,
                one(all),
                Optional.of(text(all, "worker.ready.file", ""))
                        .filter(file -> !file.isEmpty())
                        .map(file -> path("worker.ready.file", file)),
                all);
    }

    private static Optional<One> one(Map<String, String> all) {
        String record = text(all, "worker.record", "");
        if (record.isEmpty()) {
            return Optional.empty();
        }
        OptionalLong offset = OneRecord.offset(record);
        if (offset.isEmpty()) {
            throw new SettingException(
                    "worker.record", record, "must name a record as topic@offset, such as quarry.jobs.oversize@17");
        }
        Source source = new Source(record.substring(0, record.lastIndexOf('@')), offset.getAsLong());
        String claim = text(all, "worker.claim", "");
        if (claim.isEmpty()) {
            return Optional.of(new One(source, UUID.randomUUID()));
        }
        try {
            return Optional.of(new One(source, UUID.fromString(claim)));
        } catch (IllegalArgumentException e) {
            throw new SettingException("worker.claim", claim, "must be a UUID");
        }
    }

    private static OnStop onStop(String value) {
        return switch (value) {
            case "finish" -> OnStop.FINISH;
            case "hand-back" -> OnStop.HAND_BACK;
            default -> throw new SettingException("worker.on.stop", value, "must be finish or hand-back");
        };
    }

    private static boolean flag(Map<String, String> all, String name) {
        String value = all.getOrDefault(name, "false");
        return switch (value) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new SettingException(name, value, "must be true or false");
        };
    }

    private static String text(Map<String, String> all, String name, @Nullable String otherwise) {
        String value = all.get(name);
        if (value != null && !value.isBlank()) {
            return value.strip();
        }
        if (otherwise == null) {
            throw new SettingException("setting " + name + " is missing: it has no default");
        }
        return otherwise;
    }

    private static long number(Map<String, String> all, String name, @Nullable Long otherwise, long least) {
        String value = text(all, name, otherwise == null ? null : String.valueOf(otherwise));
        try {
            long number = Long.parseLong(value);
            if (number >= least) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw new SettingException(name, value, "must be a whole number, at least " + least);
        }
        throw new SettingException(name, value, "must be at least " + least);
    }

    private static Path path(String name, String value) {
        try {
            return Path.of(value).toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            throw new SettingException(name, value, "must be a path");
        }
    }
}
