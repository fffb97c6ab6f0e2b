package io.quarry.client;

import io.quarry.avro.JobState;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.Deserializer;

/** One pass over all job states, on the caller's thread, a partition at a time. */
record StateScan(
        Consumer<byte[], byte[]> consumer,
        Deserializer<JobState> states,
        String topic,
        Duration patience,
        String servers) {

    Stream<JobState> stream(JobFilter filter) {
        try {
            int partitions = partitions();
            return IntStream.range(0, partitions)
                    .boxed()
                    .flatMap(number -> rows(new TopicPartition(topic, number), filter).stream())
                    .onClose(consumer::close);
        } catch (RuntimeException failure) {
            consumer.close();
            throw failure;
        }
    }

    private int partitions() {
        try {
            List<PartitionInfo> infos = consumer.partitionsFor(topic, patience);
            return infos == null ? 0 : infos.size();
        } catch (TimeoutException late) {
            throw new BrokerUnreachableException("topic " + topic, servers, patience, late);
        }
    }

    /** The newest row of each job of a partition that matches; the row before the newest does not count. */
    private Collection<JobState> rows(TopicPartition partition, JobFilter filter) {
        Map<String, JobState> matching = new LinkedHashMap<>();
        consumer.assign(List.of(partition));
        consumer.seekToBeginning(List.of(partition));
        try {
            long end = consumer.endOffsets(List.of(partition), patience).getOrDefault(partition, 0L);
            long progress = System.nanoTime();
            while (consumer.position(partition, patience) < end) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    progress = System.nanoTime();
                    String key = new String(record.key(), StandardCharsets.UTF_8);
                    JobState row = record.value() == null ? null : StateReader.read(states, record, JobState.class);
                    if (row != null && filter.matches(row)) {
                        matching.put(key, row);
                    } else {
                        matching.remove(key);
                    }
                }
                if (System.nanoTime() - progress > patience.toNanos()) {
                    throw new TimeoutException("no rows came from " + partition);
                }
            }
        } catch (TimeoutException late) {
            throw new BrokerUnreachableException("topic " + topic, servers, patience, late);
        }
        return matching.values();
    }
}
