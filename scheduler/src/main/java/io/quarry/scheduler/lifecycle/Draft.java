package io.quarry.scheduler.lifecycle;

import io.quarry.avro.Cause;
import io.quarry.avro.CommandType;
import io.quarry.avro.JobState;
import io.quarry.avro.State;
import io.quarry.avro.Transition;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A row and its effects in the making, during one step. */
final class Draft {
    /** Lines that a history keeps; beyond them the middle goes. */
    static final int HISTORY = 64;

    private static final int FIRST_LINES = 16;

    final JobState.Builder row;
    final List<Effect> effects = new ArrayList<>();
    private final Instant now;

    Draft(JobState before, Instant now) {
        this.row = Rows.edit(before);
        this.now = now;
    }

    void tell(CommandType type, String claim, String reason) {
        effects.add(new Effect.Tell(type, claim, reason));
    }

    void line(State state, @Nullable String worker, @Nullable Cause cause, String detail) {
        List<Transition> lines = new ArrayList<>(row.getHistory());
        if (lines.size() >= HISTORY) {
            lines.remove(FIRST_LINES);
        }
        lines.add(new Transition(now, state, row.getAttempt(), worker, cause, detail));
        row.setHistory(lines);
    }
}
