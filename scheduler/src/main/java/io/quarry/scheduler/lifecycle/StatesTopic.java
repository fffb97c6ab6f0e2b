package io.quarry.scheduler.lifecycle;

import io.quarry.scheduler.streams.Watch;
import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.ProvisionException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Identity of the topic job-state as the cluster has it now. Looks in a thread of its own, and has the topic made again when
 * somebody deleted it; asking is free.
 */
final class StatesTopic implements Supplier<String>, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StatesTopic.class);
    private static final long ANSWER_SECONDS = 10;

    private final Admin admin;
    private final String topic;
    private final Runnable remake;
    private final Watch watch;
    private volatile String latest = "";

    StatesTopic(Admin admin, Topics topics, Duration interval, Runnable remake) {
        this.admin = admin;
        this.topic = topics.states();
        this.remake = remake;
        this.watch = new Watch("quarry-states-topic", interval, this::look);
    }

    void start() {
        watch.start();
    }

    /** The topic's id; empty while it is not known. */
    @Override
    public String get() {
        return latest;
    }

    private void look() throws InterruptedException {
        try {
            TopicDescription found = admin.describeTopics(List.of(topic))
                    .allTopicNames()
                    .get(ANSWER_SECONDS, TimeUnit.SECONDS)
                    .get(topic);
            latest = found == null ? "" : found.topicId().toString();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnknownTopicOrPartitionException) {
                remake();
            } else {
                LOG.debug("Cannot look at a topic: topic={} {}", topic, String.valueOf(e.getMessage()));
            }
        } catch (TimeoutException e) {
            LOG.debug("Cannot look at a topic in time: topic={}", topic);
        }
    }

    private void remake() {
        LOG.warn("A topic is gone and is made anew; its rows follow from the lifecycle's own store: topic={}", topic);
        try {
            remake.run();
        } catch (ProvisionException | KafkaException e) {
            LOG.warn("Cannot make the topic, tries again: topic={} {}", topic, String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void close() {
        watch.close();
    }
}
