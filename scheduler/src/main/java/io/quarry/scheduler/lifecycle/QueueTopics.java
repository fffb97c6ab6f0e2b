package io.quarry.scheduler.lifecycle;

import io.quarry.scheduler.streams.Watch;
import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.ProvisionException;
import io.quarry.schemas.serde.RegistryUnavailableException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicListing;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Identities of the queues of all groups as the cluster has them now. Looks in a thread of its own, and has a queue made again that
 * somebody deleted while its group is there; asking is free.
 */
final class QueueTopics implements Supplier<Map<String, String>>, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(QueueTopics.class);
    private static final long ANSWER_SECONDS = 10;

    private final Admin admin;
    private final Topics topics;
    private final Runnable remake;
    private final Watch watch;
    private Set<String> known = Set.of();
    private volatile Map<String, String> latest = Map.of();

    /**
     * Begins to look with {@link #start}.
     *
     * @param remake makes the topics that are missing, of groups that are there
     */
    QueueTopics(Admin admin, Topics topics, Duration interval, Runnable remake) {
        this.admin = admin;
        this.topics = topics;
        this.remake = remake;
        this.watch = new Watch("quarry-queue-topics", interval, this::look);
    }

    void start() {
        watch.start();
    }

    /** Topic ids by name, of the queues whose group has both of its topics; the same map as long as nothing changes. */
    @Override
    public Map<String, String> get() {
        return latest;
    }

    private void look() throws InterruptedException {
        try {
            Map<String, String> found = new TreeMap<>();
            for (TopicListing topic : admin.listTopics().listings().get(ANSWER_SECONDS, TimeUnit.SECONDS)) {
                if (isQueue(topic.name())) {
                    found.put(topic.name(), topic.topicId().toString());
                }
            }
            Set<String> gone = new TreeSet<>(known);
            gone.removeAll(found.keySet());
            // Once: those of a group that was deleted stay away.
            known = Set.copyOf(found.keySet());
            found.keySet().removeIf(name -> !found.containsKey(other(name)));
            if (!found.equals(latest)) {
                latest = Map.copyOf(found);
            }
            if (!gone.isEmpty()) {
                remake(gone);
            }
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("Cannot look at the queues' topics: {}", String.valueOf(e.getMessage()));
        }
    }

    private boolean isQueue(String name) {
        return !name.equals(topics.oversize())
                && (topics.jobsPattern().matcher(name).matches()
                        || (name.startsWith(topics.retries("")) && Topics.validGroup(group(name))));
    }

    private String group(String name) {
        return name.startsWith(topics.retries(""))
                ? name.substring(topics.retries("").length())
                : name.substring(topics.jobs("").length());
    }

    private String other(String name) {
        return name.startsWith(topics.retries("")) ? topics.jobs(group(name)) : topics.retries(group(name));
    }

    private void remake(Set<String> gone) {
        LOG.warn(
                "Topics of queues are gone and are made anew where their group is there; its waiting jobs are appended again"
                        + " from their rows: topics={}",
                gone);
        try {
            remake.run();
        } catch (ProvisionException | RegistryUnavailableException e) {
            again(gone, e);
        } catch (KafkaException e) {
            again(gone, e);
        }
    }

    private void again(Set<String> gone, RuntimeException why) {
        Set<String> all = new TreeSet<>(known);
        all.addAll(gone);
        known = Set.copyOf(all);
        LOG.warn("Cannot make the topics, tries again: topics={} {}", gone, String.valueOf(why.getMessage()));
    }

    @Override
    public void close() {
        watch.close();
    }
}
