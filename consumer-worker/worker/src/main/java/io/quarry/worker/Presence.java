package io.quarry.worker;

import io.quarry.avro.WorkerPhase;

/** What a worker says of itself to whoever looks after the workers. Hints: nothing in the life of a job waits for them. */
interface Presence {
    /** Says what it is in, if that is news; {@link WorkerPhase#DRAINED} is said again each time, since somebody waits for it. */
    void say(WorkerPhase phase);

    /** Says that it leaves. */
    void gone();
}
