package io.quarry.client;

import io.quarry.avro.State;
import java.util.EnumMap;
import java.util.Map;

/**
 * What a replay has done, so far or in all.
 *
 * @param replayId name of the replay; under the same name it goes on, or does nothing when it is done
 * @param topic topic that is read
 * @param fromOffset first offset of the range
 * @param toOffset first offset behind it, fixed when the replay began
 * @param nextOffset first offset that was not dealt with; toOffset when all were
 * @param read records read
 * @param appended jobs appended; in a dry run, that would have been
 * @param byState the jobs of {@code appended} by the state that the original was in, UNKNOWN where its row is gone; empty
 *     unless it is a dry run or a filter by state asked for it
 * @param skipped records that no job was made of, by reason; every reason is there
 * @param dryRun whether nothing was appended
 */
public record ReplayReport(
        String replayId,
        String topic,
        long fromOffset,
        long toOffset,
        long nextOffset,
        long read,
        long appended,
        Map<State, Long> byState,
        Map<Skip, Long> skipped,
        boolean dryRun) {
    public ReplayReport {
        byState = Map.copyOf(byState);
        Map<Skip, Long> all = new EnumMap<>(Skip.class);
        for (Skip reason : Skip.values()) {
            all.put(reason, skipped.getOrDefault(reason, 0L));
        }
        skipped = Map.copyOf(all);
    }

    /** Whether the whole range was dealt with. */
    public boolean complete() {
        return nextOffset >= toOffset;
    }

    /** Why no job was made of a record. */
    public enum Skip {
        /** The record has no value. */
        TOMBSTONE,
        /** The record cannot be read as a job. */
        UNREADABLE,
        /** The job breaks a rule, or the record's key is not its id. */
        INVALID,
        /** A later attempt of a job whose first one is replayed. */
        LATER_ATTEMPT,
        /** Another kind than the one asked for. */
        KIND,
        /** Without a label that was asked for. */
        TAG,
        /** In none of the states asked for. */
        STATE,
        /** A second record of the same job in the range. */
        DUPLICATE,
        /** Made by this very replay. */
        OF_THIS_REPLAY,
        /** This replay made it earlier, before it was repeated. */
        ALREADY_REPLAYED,
        /** Larger than anything its group can run. */
        TOO_LARGE
    }
}
