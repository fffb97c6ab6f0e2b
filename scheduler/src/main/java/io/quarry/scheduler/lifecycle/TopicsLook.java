package io.quarry.scheduler.lifecycle;

import io.quarry.scheduler.streams.Watch;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicListing;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lists the topics once an interval, in a thread of its own, and shows them to those that go by them, one after the other. */
final class TopicsLook implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TopicsLook.class);
    private static final long ANSWER_SECONDS = 10;

    private final Admin admin;
    private final List<Reader> readers;
    private final Watch watch;

    /** Goes by topics. */
    @FunctionalInterface
    interface Reader {
        /** Gets topic ids by name, of all topics. */
        void look(Map<String, String> ids) throws InterruptedException;
    }

    /** Begins to look with {@link #start}. */
    TopicsLook(Admin admin, Duration interval, List<Reader> readers) {
        this.admin = admin;
        this.readers = List.copyOf(readers);
        this.watch = new Watch("quarry-topics", interval, this::look);
    }

    void start() {
        watch.start();
    }

    private void look() throws InterruptedException {
        Map<String, String> ids = new HashMap<>();
        try {
            for (TopicListing topic : admin.listTopics().listings().get(ANSWER_SECONDS, TimeUnit.SECONDS)) {
                ids.put(topic.name(), topic.topicId().toString());
            }
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("Cannot look at the topics, tries again: {}", String.valueOf(e.getMessage()));
            return;
        }
        for (Reader reader : readers) {
            reader.look(ids);
        }
    }

    @Override
    public void close() {
        watch.close();
    }
}
