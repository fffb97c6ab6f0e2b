package io.quarry.scheduler.lifecycle;

import io.quarry.avro.Outcome;
import io.quarry.avro.Source;

/** Events of an exploration as numbers: type, claim, attempt, topic and offset. */
final class Wording {
    static final int BITS = 16;

    static final int SUBMITTED = 0;
    static final int ENQUEUED = 1;
    static final int CLAIM = 2;
    static final int BEAT = 3;
    static final int DONE = 4;
    static final int FAILED = 5;
    static final int DIED = 6;
    static final int CANCEL = 7;
    static final int PASSED = 8;
    static final int LEASE_OUT = 9;
    static final int DUE = 10;
    static final int TYPES = 11;

    private static final String[] TOPICS = {Samples.JOBS, Samples.RETRIES};

    private Wording() {}

    static int event(int type, int claim, int attempt, int topic, int offset) {
        return type | claim << 4 | attempt << 8 | topic << 11 | offset << 12;
    }

    static int of(int type, int claim) {
        return event(type, claim, 0, 0, 0);
    }

    static int type(int event) {
        return event & 15;
    }

    static int claim(int event) {
        return event >> 4 & 15;
    }

    static int topic(int event) {
        return event >> 11 & 1;
    }

    static int renamed(int event, int claim) {
        return (event & ~(15 << 4)) | claim << 4;
    }

    static String name(int claim) {
        return "c" + claim;
    }

    static int claim(String name) {
        return Integer.parseInt(name.substring(1));
    }

    static Source source(int topic, int offset) {
        return new Source(TOPICS[topic], (long) offset);
    }

    static Event event(int event) {
        int attempt = event >> 8 & 7;
        int topic = topic(event);
        int offset = event >> 12 & 15;
        String claim = name(claim(event));
        return switch (type(event)) {
            case SUBMITTED -> new Event.Submitted(Samples.job(), source(0, offset), false, null);
            case ENQUEUED -> new Event.Enqueued(attempt, source(1, offset));
            case CLAIM -> new Event.Claimed(claim, attempt, "a worker", false, source(topic, offset), Samples.job());
            case BEAT -> new Event.Heartbeat(claim, true, null);
            case DONE -> Samples.finished(claim, Outcome.SUCCEEDED);
            case FAILED -> Samples.finished(claim, Outcome.RETRIABLE);
            case DIED -> new Event.WorkerDied(claim, Samples.KILLED);
            case CANCEL -> Samples.cancel();
            case PASSED -> new Event.Passed(TOPICS[topic], offset);
            case LEASE_OUT -> new Event.LeaseOut(claim);
            case DUE -> new Event.Due();
            default -> throw new IllegalArgumentException("event " + event);
        };
    }
}
