package io.quarry.scheduler.streams;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Goes back to the first record of the topics that are to be read again, as soon as they are its own. */
final class RereadingConsumer extends KafkaConsumer<byte[], byte[]> {
    private final Rereads rereads;

    RereadingConsumer(Map<String, Object> config, Rereads rereads) {
        super(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        this.rereads = rereads;
    }

    @Override
    public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
        Set<TopicPartition> wanted = rereads.wanted();
        if (!wanted.isEmpty()) {
            Set<TopicPartition> own = assignment();
            for (TopicPartition partition : wanted) {
                if (own.contains(partition)) {
                    seek(partition, 0);
                    rereads.setBack(partition);
                }
            }
        }
        ConsumerRecords<byte[], byte[]> records = super.poll(timeout);
        for (TopicPartition partition : rereads.sought()) {
            List<ConsumerRecord<byte[], byte[]>> came = records.records(partition);
            if (!came.isEmpty()) {
                rereads.came(partition, came.get(0).offset());
            }
        }
        return records;
    }

    @Override
    public void subscribe(Pattern pattern, ConsumerRebalanceListener listener) {
        super.subscribe(pattern, telling(listener));
    }

    @Override
    public void subscribe(Collection<String> topics, ConsumerRebalanceListener listener) {
        super.subscribe(topics, telling(listener));
    }

    private ConsumerRebalanceListener telling(ConsumerRebalanceListener listener) {
        return new ConsumerRebalanceListener() {
            @Override
            public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
                rereads.forgetPositions(partitions);
                listener.onPartitionsAssigned(partitions);
            }

            @Override
            public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
                listener.onPartitionsRevoked(partitions);
            }

            @Override
            public void onPartitionsLost(Collection<TopicPartition> partitions) {
                listener.onPartitionsLost(partitions);
            }
        };
    }
}
