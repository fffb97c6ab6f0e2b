package io.quarry.scheduler.lifecycle;

import io.quarry.avro.JobState;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one event does to one job.
 *
 * @param kind what kind of step it is
 * @param state the row afterwards: null for a job that is not known (any more)
 * @param effects what else is to be done, in order
 */
record Step(Kind kind, @Nullable JobState state, List<Effect> effects) {
    enum Kind {
        /** The row changed. */
        CHANGED,
        /** The row stays; the event is one that may well happen. */
        SAME,
        /** The row stays; the writer of the event owns nothing and is told so. */
        FENCED,
        /** The row stays; the event cannot happen unless somebody errs. Counted. */
        IMPOSSIBLE,
        /** The row goes. */
        REMOVED
    }

    Step {
        effects = List.copyOf(effects);
    }

    /** This step and another one that begins with its row, as one; this one alone when there is no other. */
    Step then(@Nullable Step other) {
        if (other == null) {
            return this;
        }
        List<Effect> all = new ArrayList<>(effects);
        all.addAll(other.effects);
        return new Step(kind == Kind.SAME ? other.kind : kind, other.state, all);
    }
}
