package io.quarry.scheduler.lifecycle;

import io.quarry.schemas.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Start offsets of the share groups, as last heard from the broker. Looks in a thread of its own; asking for them is free. */
final class ShareStarts implements Supplier<Map<String, Long>>, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ShareStarts.class);
    private static final long ANSWER_SECONDS = 10;

    private final Admin admin;
    private final Topics topics;
    private final Thread thread;
    private final long intervalMs;
    private volatile Map<String, Long> latest = Map.of();

    ShareStarts(Admin admin, Topics topics, Duration interval) {
        this.admin = admin;
        this.topics = topics;
        this.intervalMs = interval.toMillis();
        this.thread = new Thread(this::watch, "quarry-share-starts");
        this.thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    @Override
    public Map<String, Long> get() {
        return latest;
    }

    private void watch() {
        try {
            while (!Thread.interrupted()) {
                look();
                TimeUnit.MILLISECONDS.sleep(intervalMs);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void look() throws InterruptedException {
        try {
            Set<String> names = admin.listTopics().names().get(ANSWER_SECONDS, TimeUnit.SECONDS);
            Map<String, ListShareGroupOffsetsSpec> specs = new HashMap<>();
            String prefix = topics.jobs("");
            for (String name : names) {
                if (topics.jobsPattern().matcher(name).matches() && !name.equals(topics.oversize())) {
                    String group = name.substring(prefix.length());
                    specs.put(
                            topics.shareGroup(group),
                            new ListShareGroupOffsetsSpec()
                                    .topicPartitions(List.of(
                                            new TopicPartition(topics.jobs(group), 0),
                                            new TopicPartition(topics.retries(group), 0))));
                }
            }
            Map<String, Long> found = new HashMap<>();
            if (!specs.isEmpty()) {
                var answers = admin.listShareGroupOffsets(specs);
                for (String group : specs.keySet()) {
                    add(found, answers.partitionsToOffsetInfo(group), group);
                }
            }
            latest = Map.copyOf(found);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("Cannot see how far the share groups are, tries again: {}", String.valueOf(e.getMessage()));
        }
    }

    private static void add(
            Map<String, Long> found,
            org.apache.kafka.common.KafkaFuture<
                            Map<TopicPartition, org.apache.kafka.clients.admin.SharePartitionOffsetInfo>>
                    answer,
            String group)
            throws InterruptedException, TimeoutException {
        try {
            answer.get(ANSWER_SECONDS, TimeUnit.SECONDS).forEach((partition, info) -> {
                // Absent until the group has worked on the partition.
                if (info != null && info.startOffset() > 0) {
                    found.put(partition.topic(), info.startOffset());
                }
            });
        } catch (ExecutionException e) {
            // A group that no worker has joined yet has passed nothing.
            LOG.debug("No offsets of a share group: group={} {}", group, String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
