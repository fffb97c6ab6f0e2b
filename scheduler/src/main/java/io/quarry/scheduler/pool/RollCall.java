package io.quarry.scheduler.pool;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * When each worker was last heard of. Counts by when its word was read, on a clock that only goes forward: a scheduler that has just
 * begun gives everybody a whole time of silence. Pure; for one thread.
 */
final class RollCall {
    private final long silenceNanos;
    private final Map<String, Long> heard = new HashMap<>();

    /**
     * A call without anybody yet.
     *
     * @param silence how long a worker may be silent
     */
    RollCall(Duration silence) {
        this.silenceNanos = silence.toNanos();
    }

    /** Takes notice of a worker's word. */
    void said(String worker, long now) {
        heard.put(worker, now);
    }

    /** Takes notice that a worker's row is gone. */
    void left(String worker) {
        heard.remove(worker);
    }

    /** Workers that were silent for too long, each told once. */
    List<String> silent(long now) {
        List<String> silent = new ArrayList<>();
        heard.forEach((worker, at) -> {
            if (now - at > silenceNanos) {
                silent.add(worker);
            }
        });
        silent.sort(null);
        silent.forEach(heard::remove);
        return silent;
    }
}
