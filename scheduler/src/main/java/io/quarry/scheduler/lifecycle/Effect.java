package io.quarry.scheduler.lifecycle;

import io.quarry.avro.CommandType;
import io.quarry.avro.DeadJob;
import io.quarry.avro.Job;

/** What a transition wants done beside the new row. Done in the same transaction as the row. */
sealed interface Effect {
    /** Append the attempt to its group's retry topic. */
    record AppendRetry(Job job) implements Effect {}

    /** Append the attempt to the router of oversize jobs. */
    record AppendOversize(Job job) implements Effect {}

    /** Keep the job on the dead letter topic. */
    record Dead(DeadJob dead) implements Effect {}

    /** Tell the holder of a claim. A hint: it may be lost. */
    record Tell(CommandType type, String claim, String reason) implements Effect {}

    /** Start the claim's lease anew. */
    record RenewLease(String claim) implements Effect {}
}
