package io.quarry.client;

import io.quarry.avro.DeadJob;
import io.quarry.avro.JobState;
import io.quarry.avro.State;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A job that ended without a result, and what became of it.
 *
 * @param dead the job, its end and cause
 * @param row its row with the history; null when it is past its retention
 * @param repeats jobs that repeat it and whose rows are still there, by submission
 */
public record DeadLetter(DeadJob dead, @Nullable JobState row, List<Repeat> repeats) {
    public DeadLetter {
        repeats = List.copyOf(repeats);
    }

    /** Whether it was redriven: that job stands for it now. */
    public boolean redriven() {
        return repeats.stream().anyMatch(repeat -> repeat.run().startsWith("redrive/"));
    }

    /**
     * A job that repeats another one.
     *
     * @param id its id
     * @param state its state
     * @param run what made it: {@code redrive/ID}, {@code replay/ID}, or empty when it does not say
     */
    public record Repeat(String id, State state, String run) {}
}
