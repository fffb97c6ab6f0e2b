package io.quarry.scheduler.streams;

import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.StreamPartitioner;
import org.jspecify.annotations.Nullable;

/**
 * A record on its way out, serialized already.
 *
 * @param topic full name of its topic
 * @param value wire bytes; null for a tombstone
 */
@SuppressWarnings("ArrayRecordComponent") // the bytes are handed through, never compared
public record Outgoing(String topic, byte @Nullable [] value) {
    /** Adds the sink that everything leaves by. */
    public static void addSink(Topology topology, String name, String parent) {
        Serializer<Outgoing> value = (topic, outgoing) -> outgoing.value();
        topology.addSink(
                name,
                (key, outgoing, context) -> outgoing.topic(),
                new ByteArraySerializer(),
                value,
                new EverybodysPartitioner(),
                parent);
    }

    /** An empty key concerns every job: to every partition. Any other goes where Kafka's own partitioner puts it. */
    private static final class EverybodysPartitioner implements StreamPartitioner<byte[], Outgoing> {
        @Override
        public Optional<Set<Integer>> partitions(
                String topic, byte @Nullable [] key, Outgoing value, int numPartitions) {
            if (key == null || key.length > 0) {
                return Optional.empty();
            }
            return Optional.of(IntStream.range(0, numPartitions).boxed().collect(Collectors.toSet()));
        }
    }
}
