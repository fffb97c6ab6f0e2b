package io.quarry.schemas.provision;

import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.schemas.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the topics are made with.
 *
 * @param eventPartitions partitions of job-events and job-state; never changes once jobs exist
 * @param replicationFactor copies of every topic; from 3 on, writes wait for two of them
 * @param jobsRetention how long a queue keeps its records, so that it can be replayed
 * @param adminTimeout longest wait for one answer of the cluster
 * @param defaultGroup the group written when there is none of that name
 * @param settings all settings of the process, for the clients that read and write groups
 */
public record ProvisionSettings(
        int eventPartitions,
        short replicationFactor,
        Duration jobsRetention,
        Duration adminTimeout,
        ResourceGroup defaultGroup,
        Map<String, String> settings) {

    private static final long GIB = 1L << 30;

    public ProvisionSettings {
        settings = Map.copyOf(settings);
    }

    /** Reads the settings; a wrong one is refused with its name. */
    public static ProvisionSettings of(Map<String, String> settings) {
        long kept =
                number(settings, "scheduler.retention.ms", Duration.ofDays(30).toMillis(), 1, Long.MAX_VALUE);
        long jobs = number(settings, "jobs.retention.ms", kept, 1, Long.MAX_VALUE);
        if (jobs > kept) {
            // A final row that is gone before its job's record would let a replayed record start the job anew.
            throw new ProvisionException(
                    "jobs.retention.ms is " + jobs + ": must be at most scheduler.retention.ms, which is " + kept);
        }
        return new ProvisionSettings(
                (int) number(settings, "job.events.partitions", 12, 1, 1000),
                (short) number(settings, "replication.factor", 3, 1, 9),
                Duration.ofMillis(jobs),
                Duration.ofMillis(number(settings, "provision.timeout.ms", 30_000, 1, 600_000)),
                defaultGroup(settings),
                settings);
    }

    private static ResourceGroup defaultGroup(Map<String, String> settings) {
        return ResourceGroup.newBuilder()
                .setName(Topics.DEFAULT_GROUP)
                .setWorker(Resources.newBuilder()
                        .setCpuMillis(number(settings, "worker.cpu.millis", 2_000, 1, Long.MAX_VALUE))
                        .setMemoryBytes(number(settings, "worker.memory.bytes", 2 * GIB, 1, Long.MAX_VALUE))
                        .setEphemeralStorageBytes(number(settings, "worker.spill.bytes", 10 * GIB, 1, Long.MAX_VALUE))
                        .build())
                .build();
    }

    /** The settings of Kafka clients among all settings. */
    Map<String, Object> clientSettings() {
        Map<String, Object> client = new HashMap<>();
        settings.forEach((name, value) -> {
            if (name.equals("bootstrap.servers")
                    || name.startsWith("security.")
                    || name.startsWith("sasl.")
                    || name.startsWith("ssl.")) {
                client.put(name, value);
            }
        });
        return client;
    }

    private static long number(Map<String, String> settings, String name, long otherwise, long least, long most) {
        @Nullable String text = settings.get(name);
        if (text == null) {
            return otherwise;
        }
        try {
            long number = Long.parseLong(text.trim());
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException notANumber) {
            throw new ProvisionException(name + " is " + text + ": must be a whole number", notANumber);
        }
        throw new ProvisionException(name + " is " + text + ": must be from " + least + " to " + most);
    }
}
