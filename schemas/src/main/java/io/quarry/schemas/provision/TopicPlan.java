package io.quarry.schemas.provision;

import io.quarry.schemas.Topics;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One topic as it must be. The only place where partitions and configurations of topics are written down. Pure.
 *
 * @param fixed configurations that are a matter of correctness: set again when found different, and checked
 * @param initial configurations set when the topic is made and left to the operator afterwards
 */
record TopicPlan(String name, int partitions, Map<String, String> fixed, Map<String, String> initial) {
    /** Largest record of any topic: an inline input of 1 MiB in a row of job-state, with its history. */
    static final int MAX_RECORD_BYTES = 4 << 20;

    private static final Duration LONG = Duration.ofDays(365);

    TopicPlan {
        fixed = Map.copyOf(fixed);
        initial = Map.copyOf(initial);
    }

    static List<TopicPlan> fixedTopics(Topics topics, ProvisionSettings settings) {
        int partitions = settings.eventPartitions();
        return List.of(
                log(topics.oversize(), 1, settings.jobsRetention(), settings),
                log(topics.events(), partitions, Duration.ofDays(3), settings),
                table(topics.states(), partitions, settings),
                log(topics.commands(), 1, Duration.ofHours(1), settings),
                table(topics.groups(), 1, settings),
                table(topics.schedules(), 1, settings),
                log(topics.scheduleEvents(), partitions, Duration.ofDays(3), settings),
                table(topics.scheduleStates(), partitions, settings),
                log(topics.ticks(), partitions, LONG, settings),
                log(topics.groupHistory(), 1, LONG, settings),
                repeated(topics.workers(), settings),
                log(topics.scaling(), 1, Duration.ofDays(7), settings),
                log(topics.dead(), 1, LONG, settings),
                invalid(topics, settings));
    }

    static List<TopicPlan> ofGroup(Topics topics, String group, ProvisionSettings settings) {
        return List.of(
                log(topics.jobs(group), 1, settings.jobsRetention(), settings),
                log(topics.retries(group), 1, settings.jobsRetention(), settings));
    }

    private static TopicPlan log(String name, int partitions, Duration kept, ProvisionSettings settings) {
        Map<String, String> initial = initial(settings);
        initial.put("retention.ms", Long.toString(kept.toMillis()));
        // Retention removes whole segments only: a segment must be closed well before its records are too old.
        initial.put(
                "segment.ms",
                Long.toString(Math.max(60_000, Math.min(Duration.ofDays(1).toMillis(), kept.toMillis() / 6))));
        return new TopicPlan(name, partitions, fixed("delete"), initial);
    }

    /** Room for the largest record of a queue and the headers that say what is wrong with it. */
    private static TopicPlan invalid(Topics topics, ProvisionSettings settings) {
        TopicPlan plan = log(topics.invalid(), 1, LONG, settings);
        Map<String, String> initial = new TreeMap<>(plan.initial());
        initial.put("max.message.bytes", Integer.toString(MAX_RECORD_BYTES + (64 << 10)));
        return new TopicPlan(plan.name(), plan.partitions(), plan.fixed(), initial);
    }

    private static TopicPlan table(String name, int partitions, ProvisionSettings settings) {
        Map<String, String> initial = initial(settings);
        initial.put("segment.ms", Long.toString(Duration.ofDays(1).toMillis()));
        return new TopicPlan(name, partitions, fixed("compact"), initial);
    }

    /** A table whose rows are said again and again: what was said before is to go soon. */
    private static TopicPlan repeated(String name, ProvisionSettings settings) {
        TopicPlan plan = table(name, 1, settings);
        Map<String, String> initial = new TreeMap<>(plan.initial());
        initial.put("segment.ms", Long.toString(Duration.ofMinutes(10).toMillis()));
        initial.put("min.cleanable.dirty.ratio", "0.1");
        return new TopicPlan(name, 1, plan.fixed(), initial);
    }

    private static Map<String, String> fixed(String cleanup) {
        return Map.of(
                // A producer's own old timestamp would let retention delete a fresh job.
                "message.timestamp.type", "LogAppendTime",
                "cleanup.policy", cleanup,
                "unclean.leader.election.enable", "false");
    }

    private static Map<String, String> initial(ProvisionSettings settings) {
        Map<String, String> initial = new TreeMap<>();
        initial.put("min.insync.replicas", settings.replicationFactor() >= 3 ? "2" : "1");
        initial.put("max.message.bytes", Integer.toString(MAX_RECORD_BYTES));
        return initial;
    }

    /** All configurations of a new topic. */
    Map<String, String> configs() {
        Map<String, String> all = new TreeMap<>(initial);
        all.putAll(fixed);
        return all;
    }
}
