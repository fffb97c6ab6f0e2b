package io.quarry.scheduler.launch;

import io.quarry.avro.JobState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Decides whose turn it is to get a process. All that wait may try, the oldest first, so that a job that fits starts ahead of
 * a larger one that does not. But once the oldest for which there is no room has waited for longer than the patience, nobody
 * behind it is given a process until it has one: what ends then makes room for it. Pure.
 *
 * @param patience how long others may start ahead of the oldest
 */
record Turns(Duration patience) {
    /**
     * Who does what.
     *
     * @param start jobs whose turn it is, the oldest first
     * @param held jobs that have to wait for another one, and the reason in one sentence
     */
    record Decision(List<JobState> start, Map<Launch.Key, String> held) {
        Decision {
            start = List.copyOf(start);
            held = Map.copyOf(held);
        }
    }

    /**
     * Decides.
     *
     * @param launching jobs that wait for a process, the oldest first
     * @param made attempts that have one, in whatever phase
     * @param withoutRoom attempts for which there was no room when it was last looked for
     */
    Decision of(List<JobState> launching, Set<Launch.Key> made, Set<Launch.Key> withoutRoom, Instant now) {
        List<JobState> start = new ArrayList<>();
        Map<Launch.Key, String> held = new LinkedHashMap<>();
        JobState first = null;
        for (JobState row : launching) {
            Launch.Key key = Board.key(row);
            if (!made.contains(key)) {
                if (first == null) {
                    start.add(row);
                } else {
                    held.put(
                            key,
                            "Job " + first.getJob().getId() + " is larger and has waited for room since "
                                    + Board.since(first) + ": it comes first.");
                }
            }
            boolean outOfPatience = !now.isBefore(Board.since(row).plus(patience));
            if (first == null && withoutRoom.contains(key) && outOfPatience) {
                first = row;
            }
        }
        return new Decision(start, held);
    }
}
