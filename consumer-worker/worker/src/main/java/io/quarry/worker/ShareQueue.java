package io.quarry.worker;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The queue of a group in Kafka: its jobs and its retries. Each has a share group of its own, since Kafka's assignor shares the
 * partitions of one group out among the members, so that a worker would serve one of the two and not the other.
 */
final class ShareQueue implements JobQueue {
    private static final Duration CLOSE = Duration.ofSeconds(5);

    /** Time after which it is asked again whether the first answer of a topic has come. */
    private static final Duration FIRST_ANSWER = Duration.ofMillis(10);

    private final TopicQueue jobs;
    private final TopicQueue retries;
    private final List<TopicQueue> both;
    private TopicQueue last;
    private volatile boolean comesBack;

    ShareQueue(TopicQueue jobs, TopicQueue retries) {
        this.jobs = jobs;
        this.retries = retries;
        this.both = List.of(jobs, retries);
        this.last = jobs;
    }

    /**
     * Waits for the topic that had a record last, after a look at the other one: where both have some, they take turns. After the queue
     * was joined the other one is waited for until it has answered once: whichever joins first would have all the turns where jobs are
     * so long that the queue is left during each.
     */
    @Override
    public Optional<Taken> poll(Duration longest) {
        if (comesBack) {
            comesBack = false;
            close();
        }
        TopicQueue other = last == jobs ? retries : jobs;
        if (!other.isAnswered()) {
            return awaitAnswer(other, longest);
        }
        Optional<Taken> next = other.poll(Duration.ZERO);
        if (next.isPresent()) {
            last = other;
            return next;
        }
        next = last.poll(longest);
        if (next.isEmpty()) {
            last = jobs;
        }
        return next;
    }

    /** Nothing of the one that had a record last is asked for meanwhile: it joins beside the other one, and would hold a record. */
    private Optional<Taken> awaitAnswer(TopicQueue other, Duration longest) {
        long end = System.nanoTime() + longest.toNanos();
        Optional<Taken> next = last.join();
        if (next.isPresent()) {
            return next;
        }
        do {
            next = other.poll(FIRST_ANSWER);
        } while (next.isEmpty() && !other.isAnswered() && System.nanoTime() < end);
        if (next.isPresent()) {
            last = other;
        }
        return next;
    }

    @Override
    public void settle(Taken taken, Settlement settlement) {
        last.settle(taken, settlement);
    }

    @Override
    public void send() {
        both.forEach(TopicQueue::send);
    }

    /** Has the queue left and joined anew by the next poll. Safe for use by any thread. */
    void comeBack() {
        comesBack = true;
    }

    @Override
    public void close() {
        long end = System.nanoTime() + CLOSE.toNanos();
        try {
            jobs.close(CLOSE);
        } finally {
            retries.close(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
        }
    }
}
