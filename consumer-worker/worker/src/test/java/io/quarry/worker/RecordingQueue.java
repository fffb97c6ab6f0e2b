package io.quarry.worker;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.common.KafkaException;

/** A queue in memory that writes down what it is asked to do, and fails where a test says so. */
final class RecordingQueue implements JobQueue {
    private final Queue<Taken> waiting = new ArrayDeque<>();

    /** What was done, in order, such as {@code poll}, {@code ACCEPT 0}, {@code send}, {@code close}. */
    final List<String> calls = new CopyOnWriteArrayList<>();

    volatile boolean acknowledgementsFail;
    volatile boolean closeFails;

    void put(Taken taken) {
        waiting.add(taken);
    }

    @Override
    public Optional<Taken> poll(Duration longest) {
        calls.add("poll");
        return Optional.ofNullable(waiting.poll());
    }

    @Override
    public void settle(Taken taken, Settlement settlement) {
        calls.add(settlement + " " + taken.offset());
        if (acknowledgementsFail) {
            throw new IllegalStateException("the record is not in hand any more");
        }
    }

    @Override
    public void send() {
        calls.add("send");
    }

    @Override
    public void close() {
        calls.add("close");
        if (closeFails) {
            throw new KafkaException("the broker is away");
        }
    }
}
