package io.quarry.scheduler.lifecycle;

import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.ProvisionException;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Identities of the queues of all groups as the cluster has them now. Has a queue made again that somebody deleted while its group
 * is there; asking is free.
 */
final class QueueTopics implements Supplier<Map<String, String>> {
    private static final Logger LOG = LoggerFactory.getLogger(QueueTopics.class);

    private final Topics topics;
    private final Runnable remake;
    private Set<String> known = Set.of();
    private volatile Map<String, String> latest = Map.of();

    /**
     * Knows nothing until {@link #look}.
     *
     * @param remake makes the topics that are missing, of groups that are there
     */
    QueueTopics(Topics topics, Runnable remake) {
        this.topics = topics;
        this.remake = remake;
    }

    /** Topic ids by name, of the queues whose group has both of its topics; the same map as long as nothing changes. */
    @Override
    public Map<String, String> get() {
        return latest;
    }

    /**
     * Compares with the last look.
     *
     * @param ids topic ids by name, of all topics
     */
    void look(Map<String, String> ids) {
        Map<String, String> found = new TreeMap<>();
        Map<String, String> whole = new TreeMap<>();
        ids.forEach((name, id) -> topics.queue(name).ifPresent(queue -> {
            found.put(name, id);
            if (ids.containsKey(queue.other())) {
                whole.put(name, id);
            }
        }));
        Set<String> gone = new TreeSet<>(known);
        gone.removeAll(found.keySet());
        // Once: those of a group that was deleted stay away.
        known = Set.copyOf(found.keySet());
        if (!whole.equals(latest)) {
            latest = Map.copyOf(whole);
        }
        if (!gone.isEmpty()) {
            remake(gone);
        }
    }

    private void remake(Set<String> gone) {
        LOG.warn(
                "Topics of queues are gone and are made anew where their group is there; its waiting jobs are appended again"
                        + " from their rows: topics={}",
                gone);
        try {
            remake.run();
        } catch (ProvisionException | KafkaException e) {
            Set<String> all = new TreeSet<>(known);
            all.addAll(gone);
            known = Set.copyOf(all);
            LOG.warn("Cannot make the topics, tries again: topics={} {}", gone, String.valueOf(e.getMessage()));
        }
    }
}
