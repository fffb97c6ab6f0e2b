package io.quarry.worker;

import io.quarry.avro.Resources;
import io.quarry.avro.WorkerPhase;
import io.quarry.avro.WorkerState;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.UUID;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The worker's row in the topic workers. What did not get through is said again with the next round, and all of it once an
 * interval: a row that is not repeated is taken for that of a worker that was killed. Safe for use by several threads.
 */
final class KafkaPresence implements Presence {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaPresence.class);

    private final Producer<byte[], byte[]> producer;
    private final Serializer<WorkerState> serializer;
    private final WorkerSettings worker;
    private final InstantSource clock;
    private final String instance = UUID.randomUUID().toString();
    /** The row as it was said last; null before the first word and after the last. */
    private @Nullable WorkerState last;

    /** Also set by the producer's thread. */
    private volatile WorkerPhase said = WorkerPhase.UNKNOWN;

    KafkaPresence(
            Producer<byte[], byte[]> producer,
            Serializer<WorkerState> serializer,
            WorkerSettings worker,
            InstantSource clock) {
        this.producer = producer;
        this.serializer = serializer;
        this.worker = worker;
        this.clock = clock;
    }

    @Override
    public synchronized void say(WorkerPhase phase) {
        if (phase == said && phase != WorkerPhase.DRAINED) {
            return;
        }
        WorkerSize size = worker.size();
        WorkerState row = WorkerState.newBuilder()
                .setName(worker.name())
                .setGroup(worker.group())
                .setInstance(instance)
                .setPhase(phase)
                .setSize(new Resources(size.cpuMillis(), size.memoryBytes(), size.spillBytes()))
                .setPid(ProcessHandle.current().pid())
                .setAt(clock.instant())
                .build();
        last = row;
        said = phase;
        repeat();
    }

    /** Says the same again. */
    synchronized void repeat() {
        WorkerState row = last;
        if (row == null) {
            return;
        }
        try {
            send(serializer.serialize(worker.topics().workers(), row));
        } catch (KafkaException e) {
            said = WorkerPhase.UNKNOWN;
            LOG.atInfo().addKeyValue("reason", e.toString()).log("what the worker is in could not be said");
        }
    }

    @Override
    public synchronized void gone() {
        if (last != null) {
            last = null;
            try {
                send(null);
            } catch (KafkaException e) {
                LOG.atInfo().addKeyValue("reason", e.toString()).log("worker leaves without a word");
            }
        }
    }

    private void send(byte @Nullable [] value) {
        byte[] key = worker.name().getBytes(StandardCharsets.UTF_8);
        Object unused =
                producer.send(new ProducerRecord<>(worker.topics().workers(), 0, key, value), (sent, failure) -> {
                    if (failure != null) {
                        said = WorkerPhase.UNKNOWN;
                        LOG.atInfo()
                                .addKeyValue("reason", failure.toString())
                                .log("what the worker is in did not get through");
                    }
                });
    }
}
