package io.quarry.worker;

import io.quarry.avro.Pause;
import io.quarry.avro.ResourceGroup;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What the row of a group tells its workers.
 *
 * @param paused whether no job is to be taken
 * @param leave whether the workers are to leave, each when its job is done
 * @param drain how long a worker that is told to go may go on with its job; null for as long as the job may run
 */
record GroupWord(boolean paused, boolean leave, @Nullable Duration drain) {
    /** As if no row said anything. */
    static final GroupWord SILENT = new GroupWord(false, false, null);

    /** Of a group whose row is gone: its jobs went elsewhere. */
    static final GroupWord GONE = new GroupWord(true, false, null);

    static GroupWord of(ResourceGroup group) {
        Pause pause = group.getPaused();
        return new GroupWord(
                pause != null,
                pause != null && pause.getWorkersLeave(),
                group.getDrainMs() == null ? null : Duration.ofMillis(group.getDrainMs()));
    }
}
