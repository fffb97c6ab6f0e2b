package io.quarry.local.audit;

import io.quarry.avro.State;
import java.util.List;

/**
 * What one record says about one job, without what the auditor does not need.
 *
 * @param kind what it says
 * @param partition partition of the record, within its topic
 * @param offset offset of the record
 * @param attempt attempt concerned, 0 for none
 * @param claim hash of the claim concerned, 0 for none: compared within one job only
 * @param code of FINISHED: 1 for a success; of ROW: what {@link #code(State)} gives for the state
 */
record Fact(Kind kind, int partition, long offset, int attempt, long claim, int code) {
    /** What a record says. The order is that in which a job's facts are read. */
    enum Kind {
        APPENDED(0),
        SUBMITTED(1),
        CLAIMED(1),
        HEARTBEAT(1),
        FINISHED(1),
        DIED(1),
        GRANT(2),
        ROW(3),
        TOMBSTONE(3),
        DEAD(4);

        private final int topic;

        Kind(int topic) {
            this.topic = topic;
        }

        /** Facts of one topic have to be read in the order of their offsets. */
        int topic() {
            return topic;
        }
    }

    private static final List<State> STATES = List.of(State.values());

    /** A state as a small number, for as long as the process lives. */
    static int code(State state) {
        return STATES.indexOf(state);
    }

    State state() {
        return STATES.get(code);
    }
}
