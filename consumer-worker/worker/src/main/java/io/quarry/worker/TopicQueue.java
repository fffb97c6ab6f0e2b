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
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One topic of a group's queue as a share group hands it out, by a consumer that is made when it is polled and none is open. */
final class TopicQueue {
    private static final Logger LOG = LoggerFactory.getLogger(TopicQueue.class);

    private final Supplier<ShareConsumer<byte[], byte[]>> consumers;
    private final String topic;
    private @Nullable ShareConsumer<byte[], byte[]> consumer;
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
