package io.quarry.scheduler;

import io.quarry.scheduler.collect.CollectSettings;
import io.quarry.scheduler.launch.LaunchSettings;
import io.quarry.scheduler.lifecycle.LifecycleSettings;
import io.quarry.scheduler.pool.PoolSettings;
import io.quarry.scheduler.trigger.ScheduleTime;
import io.quarry.scheduler.trigger.TriggerSettings;
import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.ProvisionException;
import io.quarry.schemas.provision.ProvisionSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Settings of a scheduler, read from the flat map that all processes share.
 *
 * @param kafka what Kafka clients need: bootstrap servers and security
 * @param streams what Kafka Streams needs beside it
 * @param provision what topics are made with
 * @param lifecycle the lifecycle's
 * @param trigger the schedules'
 * @param pool the autoscaler's
 * @param collect the collector's; empty when this scheduler reaches no datasets
 * @param launch the launcher's
 */
record SchedulerSettings(
        Map<String, String> kafka,
        Map<String, String> streams,
        ProvisionSettings provision,
        LifecycleSettings lifecycle,
        TriggerSettings trigger,
        PoolSettings pool,
        Optional<CollectSettings> collect,
        LaunchSettings launch) {
    SchedulerSettings {
        kafka = Map.copyOf(kafka);
        streams = Map.copyOf(streams);
    }

    /**
     * Reads the settings.
     *
     * @throws IllegalArgumentException naming the setting, its value and the rule
     */
    static SchedulerSettings of(Map<String, String> all) {
        Map<String, String> kafka = new HashMap<>();
        all.forEach((name, value) -> {
            if (name.equals("bootstrap.servers")
                    || name.equals("security.protocol")
                    || name.startsWith("sasl.")
                    || name.startsWith("ssl.")) {
                kafka.put(name, value);
            }
        });
        if (!kafka.containsKey("bootstrap.servers")) {
            throw new IllegalArgumentException(
                    "bootstrap.servers is not set: it names the Kafka brokers, as host:port");
        }
        Map<String, String> streams = new HashMap<>();
        streams.put(
                "state.dir",
                Path.of(all.getOrDefault("scheduler.state.dir", "quarry-scheduler-state"))
                        .toString());
        streams.put("replication.factor", String.valueOf(number(all, "replication.factor", 3, 1)));
        streams.put("num.stream.threads", String.valueOf(number(all, "scheduler.threads", 1, 1)));
        String instance = all.get("scheduler.instance.id");
        if (instance != null) {
            streams.put("group.instance.id", instance);
        }
        long session = number(all, "scheduler.session.timeout.ms", 10_000, 1000);
        streams.put("consumer.session.timeout.ms", String.valueOf(session));
        streams.put("consumer.heartbeat.interval.ms", String.valueOf(session / 5));
        long kept = number(all, "scheduler.retention.ms", Duration.ofDays(30).toMillis(), 1);
        LifecycleSettings lifecycle = new LifecycleSettings(
                new Topics(all.getOrDefault("topic.prefix", Topics.DEFAULT_PREFIX)),
                (int) number(all, "lease.ticks", 30, 2),
                Duration.ofMillis(number(all, "tick.interval.ms", 1000, 10)),
                Duration.ofMillis(number(all, "scheduler.progress.interval.ms", 30_000, 0)),
                Duration.ofMillis(kept),
                Duration.ofMillis(number(all, "jobs.retention.ms", kept, 1)),
                Duration.ofMillis(number(all, "scheduler.passed.interval.ms", 5000, 100)));
        TriggerSettings trigger = new TriggerSettings(
                lifecycle.topics(),
                Duration.ofMillis(number(all, "scheduler.trigger.late.after.ms", 5000, 0)),
                Duration.ofMillis(number(all, "scheduler.trigger.missed.after.ms", 60_000, 1)),
                Duration.ofMillis(number(all, "scheduler.trigger.interval.ms", 20, 1)),
                Duration.ofMillis(number(all, "scheduler.trigger.patience.ms", 30_000, 0)),
                Duration.ofMillis(number(
                        all,
                        "scheduler.trigger.audit.interval.ms",
                        Duration.ofMinutes(10).toMillis(),
                        100)),
                ScheduleTime.real());
        Duration sweep = Duration.ofMillis(number(
                all, "scheduler.collect.sweep.interval.ms", Duration.ofHours(1).toMillis(), 100));
        Optional<CollectSettings> collect = Optional.ofNullable(all.get("scheduler.datasets.dir"))
                .map(datasets ->
                        new CollectSettings(lifecycle.topics(), Path.of(datasets), sweep, lifecycle.retention()));
        LaunchSettings launch = new LaunchSettings(
                lifecycle.topics(),
                Duration.ofMillis(
                        number(all, "launch.patience.ms", Duration.ofMinutes(10).toMillis(), 0)),
                Duration.ofMillis(number(all, "launch.interval.ms", 5000, 50)),
                Duration.ofMillis(number(all, "launch.reconcile.interval.ms", 30_000, 100)));
        PoolSettings pool = new PoolSettings(
                lifecycle.topics(), Duration.ofMillis(number(all, "scheduler.scaling.interval.ms", 500, 10)));
        return new SchedulerSettings(kafka, streams, provision(all), lifecycle, trigger, pool, collect, launch);
    }

    private static ProvisionSettings provision(Map<String, String> all) {
        try {
            return ProvisionSettings.of(all);
        } catch (ProvisionException wrong) {
            throw new IllegalArgumentException(wrong.getMessage(), wrong);
        }
    }

    private static long number(Map<String, String> all, String name, long standard, long least) {
        String value = all.get(name);
        if (value == null) {
            return standard;
        }
        try {
            long number = Long.parseLong(value.strip());
            if (number >= least) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Falls through to the same message.
        }
        throw new IllegalArgumentException(name + " is " + value + ": must be a whole number of at least " + least);
    }
}
