package io.quarry.scheduler.lifecycle;

import io.quarry.schemas.Topics;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.SharePartitionOffsetInfo;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far the share groups and the retention of their topics are, as last heard from the broker. Looks when it is shown the topics;
 * asking for them is free.
 */
final class ShareStarts implements Supplier<Map<String, Long>> {
    private static final Logger LOG = LoggerFactory.getLogger(ShareStarts.class);
    private static final long ANSWER_SECONDS = 10;

    private final Admin admin;
    private final Topics topics;
    private volatile Map<String, Long> latest = Map.of();

    ShareStarts(Admin admin, Topics topics) {
        this.admin = admin;
        this.topics = topics;
    }

    @Override
    public Map<String, Long> get() {
        return latest;
    }

    /**
     * Looks how far the groups are.
     *
     * @param ids topic ids by name, of all topics
     */
    void look(Map<String, String> ids) throws InterruptedException {
        try {
            Map<String, ListShareGroupOffsetsSpec> specs = new HashMap<>();
            for (String name : ids.keySet()) {
                topics.queue(name).filter(queue -> !queue.retries()).ifPresent(queue -> {
                    specs.put(queue.shareGroup(), only(name));
                    specs.put(topics.retriesShareGroup(queue.group()), only(queue.other()));
                });
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
        } catch (TimeoutException e) {
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
            KafkaFuture<Map<TopicPartition, SharePartitionOffsetInfo>> answer,
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
}
