package io.quarry.worker;

import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.ProvisionException;
import io.quarry.schemas.provision.TopicProvisioner;
import io.quarry.schemas.serde.RegistryUnavailableException;
import io.quarry.schemas.serde.UnreadableRecordException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Checks of what a worker relies on in the broker, before it takes the first job. */
final class Preflight {
    private static final Logger LOG = LoggerFactory.getLogger(Preflight.class);
    private static final long WAIT_SECONDS = 30;
    private static final int ROUNDS = 10;
    private static final long BETWEEN_ROUNDS_MILLIS = 200;

    private Preflight() {}

    static void check(Admin admin, Topics topics, String group) throws InterruptedException {
        Set<String> inOrder = Set.of(topics.jobs(group), topics.retries(group), topics.commands());
        List<String> needed = new ArrayList<>(inOrder);
        needed.addAll(List.of(topics.events(), topics.groups(), topics.workers()));
        Map<String, KafkaFuture<TopicDescription>> described =
                admin.describeTopics(needed).topicNameValues();
        for (Map.Entry<String, KafkaFuture<TopicDescription>> topic : described.entrySet()) {
            int partitions = partitions(topic.getKey(), topic.getValue());
            if (partitions != 1 && inOrder.contains(topic.getKey())) {
                throw new SettingException("topic " + topic.getKey() + " has " + partitions
                        + " partitions, which breaks the order of its jobs: make a new topic.prefix, or drain the topic,"
                        + " delete it and let it be made again with one");
            }
        }
        checkShareGroup(admin, topics.shareGroup(group));
        checkShareGroup(admin, topics.retriesShareGroup(group));
    }

    private static void checkShareGroup(Admin admin, String shareGroup) throws InterruptedException {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.GROUP, shareGroup);
        List<String> problems = List.of();
        // A configuration that was written a moment ago may not have reached the broker that is asked.
        for (int round = 0; round < ROUNDS; round++) {
            Config config =
                    await(admin.describeConfigs(List.of(resource)).all()).get(resource);
            problems = problems(config == null ? Map.of() : values(config));
            if (problems.isEmpty()) {
                return;
            }
            TimeUnit.MILLISECONDS.sleep(BETWEEN_ROUNDS_MILLIS);
        }
        throw new SettingException("share group " + shareGroup + " has " + String.join(", and ", problems));
    }

    /**
     * Whether the registry is this cluster's: with another one's every job would be taken for garbage and rejected. One that is
     * away is waited for later.
     */
    static void checkRegistry(TopicProvisioner provisioner) {
        try {
            provisioner.checkRegistry();
        } catch (RegistryUnavailableException e) {
            LOG.atWarn()
                    .addKeyValue("reason", e.getMessage())
                    .log("registry is away; the worker takes no job before it answers");
        } catch (ProvisionException e) {
            if (e.getCause() instanceof UnreadableRecordException) {
                throw new SettingException(String.valueOf(e.getMessage()));
            }
            throw unreachable(e);
        }
    }

    /** What is wrong with the configuration of a share group. */
    static List<String> problems(Map<String, @Nullable String> config) {
        return List.of(
                        problem(
                                config,
                                "share.auto.offset.reset",
                                "earliest",
                                "jobs submitted before the first worker would be skipped"),
                        problem(
                                config,
                                "share.isolation.level",
                                "read_committed",
                                "jobs of aborted transactions would run"))
                .stream()
                .filter(problem -> !problem.isEmpty())
                .toList();
    }

    private static String problem(Map<String, @Nullable String> config, String name, String wanted, String otherwise) {
        String value = config.get(name);
        return wanted.equals(value)
                ? ""
                : name + "=" + value + ", but " + otherwise + ": set it to " + wanted
                        + " (kafka-configs --alter --entity-type groups)";
    }

    private static Map<String, @Nullable String> values(Config config) {
        Map<String, @Nullable String> values = new HashMap<>();
        for (ConfigEntry entry : config.entries()) {
            values.put(entry.name(), entry.value());
        }
        return values;
    }

    private static int partitions(String topic, KafkaFuture<TopicDescription> future) throws InterruptedException {
        try {
            return future.get(WAIT_SECONDS, TimeUnit.SECONDS).partitions().size();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnknownTopicOrPartitionException) {
                throw new SettingException(
                        "topic " + topic
                                + " does not exist: start the scheduler first, which makes the topics, or check topic.prefix and resource.group");
            }
            throw unreachable(e);
        } catch (TimeoutException e) {
            throw unreachable(e);
        }
    }

    private static <T> T await(KafkaFuture<T> future) throws InterruptedException {
        try {
            return future.get(WAIT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw unreachable(e);
        }
    }

    private static BrokerUnreachableException unreachable(Exception e) {
        Throwable why = e.getCause() == null ? e : e.getCause();
        return new BrokerUnreachableException("the broker could not be asked: " + why, why);
    }
}
