package io.quarry.worker;

import io.quarry.worker.JobQueue.Settlement;
import io.quarry.worker.JobQueue.Taken;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One topic of a group's queue as a share group hands it out, by a consumer that is made when it is polled and none is open. */
final class TopicQueue {
    private static final Logger LOG = LoggerFactory.getLogger(TopicQueue.class);

    /** The client's count of answers to its fetches. */
    private static final String ANSWERS = "fetch-total";

    /** How long an answer is expected: joining takes 6 s with a broker's own settings. */
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private final Supplier<ShareConsumer<byte[], byte[]>> consumers;
    private final String topic;
    private @Nullable ShareConsumer<byte[], byte[]> consumer;
    private @Nullable Metric answers;
    private long opened;
    private boolean answered;
    private @Nullable ConsumerRecord<byte[], byte[]> inHand;
    private boolean unsent;

    TopicQueue(Supplier<ShareConsumer<byte[], byte[]>> consumers, String topic) {
        this.consumers = consumers;
        this.topic = topic;
    }

    /** Takes the next record; with no time to wait, one that has arrived since the poll before. */
    Optional<Taken> poll(Duration longest) {
        ConsumerRecords<byte[], byte[]> records = open().poll(longest);
        unsent = false;
        if (records.count() > 1) {
            throw new IllegalStateException(
                    "the broker handed out " + records.count()
                            + " records at once: it does not know share.acquire.mode=record_limit (Kafka 4.2 or newer is needed)");
        }
        for (ConsumerRecord<byte[], byte[]> record : records) {
            inHand = record;
            return Optional.of(taken(record));
        }
        return Optional.empty();
    }

    /** Begins to join where that has not begun yet, without waiting. */
    Optional<Taken> join() {
        return consumer == null ? poll(Duration.ZERO) : Optional.empty();
    }

    /**
     * Whether the broker has said, since this was opened, what there is to take; what it handed out then, the next poll has. True as well
     * once it has said nothing for so long that nobody should wait for it.
     */
    boolean isAnswered() {
        if (!answered && consumer != null) {
            answered = (answers != null && (double) answers.metricValue() > 0)
                    || System.nanoTime() - opened > PATIENCE.toNanos();
        }
        return answered;
    }

    void settle(Taken taken, Settlement settlement) {
        ConsumerRecord<byte[], byte[]> record = inHand;
        if (record == null || record.offset() != taken.offset()) {
            throw new IllegalStateException("offset " + taken.offset() + " of " + topic + " is not in hand");
        }
        inHand = null;
        open().acknowledge(
                        record,
                        switch (settlement) {
                            case ACCEPT -> AcknowledgeType.ACCEPT;
                            case RELEASE -> AcknowledgeType.RELEASE;
                            case REJECT -> AcknowledgeType.REJECT;
                        });
        unsent = true;
    }

    void send() {
        ShareConsumer<byte[], byte[]> open = consumer;
        if (open != null && unsent) {
            unsent = false;
            open.commitAsync();
        }
    }

    void close(Duration longest) {
        ShareConsumer<byte[], byte[]> open = consumer;
        consumer = null;
        answers = null;
        answered = false;
        inHand = null;
        unsent = false;
        if (open != null) {
            open.close(longest);
        }
    }

    private ShareConsumer<byte[], byte[]> open() {
        ShareConsumer<byte[], byte[]> open = consumer;
        if (open == null) {
            open = consumers.get();
            // The claim decides, never the acknowledgement: one that failed costs a claim that is fenced.
            open.setAcknowledgementCommitCallback((offsets, failure) -> {
                if (failure != null) {
                    LOG.atInfo()
                            .addKeyValue("offsets", offsets)
                            .addKeyValue("reason", failure.toString())
                            .log("acknowledgement did not get through; the claim counts all the same");
                }
            });
            open.subscribe(List.of(topic));
            answers = open.metrics().values().stream()
                    .filter(metric -> metric.metricName().name().equals(ANSWERS))
                    .findFirst()
                    .orElse(null);
            opened = System.nanoTime();
            consumer = open;
        }
        return open;
    }

    static Taken taken(ConsumerRecord<byte[], byte[]> record) {
        Map<String, String> headers = Map.of();
        for (Header header : record.headers()) {
            if (header.value() != null) {
                if (headers.isEmpty()) {
                    headers = new HashMap<>();
                }
                headers.put(header.key(), new String(header.value(), StandardCharsets.UTF_8));
            }
        }
        byte[] key = record.key();
        return new Taken(
                record.topic(),
                record.offset(),
                key == null ? null : new String(key, StandardCharsets.UTF_8),
                record.value(),
                headers,
                record.deliveryCount().orElse((short) 1));
    }
}
