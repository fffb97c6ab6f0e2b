package io.quarry.scheduler.lifecycle;

import io.quarry.scheduler.streams.Watch;
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
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How far the share groups and the retention of their topics are, as last heard from the broker. Looks in a thread of its own; asking for them is free. */
final class ShareStarts implements Supplier<Map<String, Long>>, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ShareStarts.class);
    private static final long ANSWER_SECONDS = 10;

    private final Admin admin;
    private final Topics topics;
    private final Watch watch;
    private volatile Map<String, Long> latest = Map.of();

    ShareStarts(Admin admin, Topics topics, Duration interval) {
        this.admin = admin;
        this.topics = topics;
        this.watch = new Watch("quarry-share-starts", interval, this::look);
    }

    void start() {
        watch.start();
    }

    @Override
    public Map<String, Long> get() {
        return latest;
    }

    private void look() throws InterruptedException {
        try {
            Set<String> names = admin.listTopics().names().get(ANSWER_SECONDS, TimeUnit.SECONDS);
            Map<String, ListShareGroupOffsetsSpec> specs = new HashMap<>();
            String prefix = topics.jobs("");
            for (String name : names) {
                if (topics.jobsPattern().matcher(name).matches() && !name.equals(topics.oversize())) {
                    String group = name.substring(prefix.length());
                    specs.put(topics.shareGroup(group), only(topics.jobs(group)));
                    specs.put(topics.retriesShareGroup(group), only(topics.retries(group)));
                }
            }
            Map<String, Long> found = offsets(specs, OffsetSpec.earliest());
            // No share group reads the router; what retention removed there is passed all the same.
            found.putAll(offsets(Map.of(topics.oversize(), only(topics.oversize())), OffsetSpec.earliest()));
            // Before the groups: a group without lag is through with all that was there then.
            Map<String, Long> ends = offsets(specs, OffsetSpec.latest());
            if (!specs.isEmpty()) {
                var answers = admin.listShareGroupOffsets(specs);
                for (String group : specs.keySet()) {
                    add(found, ends, answers.partitionsToOffsetInfo(group), group);
                }
            }
            latest = Map.copyOf(found);
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("Cannot see how far the share groups are, tries again: {}", String.valueOf(e.getMessage()));
        }
    }

    private static ListShareGroupOffsetsSpec only(String topic) {
        return new ListShareGroupOffsetsSpec().topicPartitions(List.of(new TopicPartition(topic, 0)));
    }

    /**
     * Offsets of the queues of all groups, those above zero. The first ones that are still there tell what retention has removed:
     * nobody will take it, whether or not the group has noticed.
     */
    private Map<String, Long> offsets(Map<String, ListShareGroupOffsetsSpec> specs, OffsetSpec which)
            throws InterruptedException, TimeoutException {
        Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
        specs.values().forEach(spec -> spec.topicPartitions().forEach(p -> asked.put(p, which)));
        Map<String, Long> found = new HashMap<>();
        ListOffsetsResult answers = admin.listOffsets(asked);
        for (TopicPartition partition : asked.keySet()) {
            try {
                long offset = answers.partitionResult(partition)
                        .get(ANSWER_SECONDS, TimeUnit.SECONDS)
                        .offset();
                if (offset > 0) {
                    found.put(partition.topic(), offset);
                }
            } catch (ExecutionException e) {
                LOG.debug("No offset: topic={} {}", partition.topic(), String.valueOf(e.getMessage()));
            }
        }
        return found;
    }

    private static void add(
            Map<String, Long> found,
            Map<String, Long> ends,
            org.apache.kafka.common.KafkaFuture<
                            Map<TopicPartition, org.apache.kafka.clients.admin.SharePartitionOffsetInfo>>
                    answer,
            String group)
            throws InterruptedException, TimeoutException {
        try {
            answer.get(ANSWER_SECONDS, TimeUnit.SECONDS).forEach((partition, info) -> {
                // Absent until the group has worked on the partition.
                if (info == null) {
                    return;
                }
                String topic = partition.topic();
                if (info.startOffset() > 0) {
                    found.merge(topic, info.startOffset(), Math::max);
                }
                // The start stands still behind the last record that was archived, until the next acknowledgement.
                Long end = ends.get(topic);
                if (end != null && info.lag().isPresent() && info.lag().get() == 0) {
                    found.merge(topic, end, Math::max);
                }
            });
        } catch (ExecutionException e) {
            // A group that no worker has joined yet has passed nothing.
            LOG.debug("No offsets of a share group: group={} {}", group, String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void close() {
        watch.close();
    }
}
