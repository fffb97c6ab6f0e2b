package io.quarry.client;

import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.Progress;
import io.quarry.avro.State;
import io.quarry.schemas.States;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A job as seen by a client. Safe for use by several threads. Costs nothing while nothing is asked of it. Futures and
 * listeners are called on one thread of the client, in the order of the job's changes.
 */
public final class JobHandle {
    private static final Logger LOG = LoggerFactory.getLogger(JobHandle.class);

    private final String id;
    private final @Nullable Job submitted;
    private final QuarryClient client;
    private final StateReader reader;
    private final Executor callbacks;
    private @Nullable CompletableFuture<JobState> finished;

    JobHandle(String id, @Nullable Job submitted, QuarryClient client, StateReader reader, Executor callbacks) {
        this.id = id;
        this.submitted = submitted;
        this.client = client;
        this.reader = reader;
        this.callbacks = callbacks;
    }

    public String id() {
        return id;
    }

    /**
     * The job's row as of the call; empty while the scheduler has not seen the job, and after its retention.
     *
     * @throws ConflictException when the id turned out to be another job's
     * @throws BrokerUnreachableException when no broker answers within submit.timeout.ms
     */
    public Optional<JobState> state() {
        Optional<JobState> row = client.latest(id);
        row.ifPresent(this::refuseConflict);
        return row;
    }

    /** Progress of the running attempt, or the last one known; throws as {@link #state()} does. */
    public Optional<Progress> progress() {
        return state().map(JobState::getProgress);
    }

    /**
     * The job's final row: SUCCEEDED, FAILED, CANCELLED or EXPIRED, with its dataset or cause. Outages of the brokers are
     * waited out. Fails with {@link ConflictException} when the id turned out to be another job's, and with
     * IllegalStateException when the client is closed. The future is the caller's own: cancelling it cancels no job.
     */
    public synchronized CompletableFuture<JobState> await() {
        if (finished == null || finished.isCompletedExceptionally()) {
            CompletableFuture<JobState> made = new CompletableFuture<>();
            finished = made;
            reader.watch(
                    id,
                    new Listener(row -> {
                        if (isFinal(row.getState())) {
                            made.complete(row);
                        }
                    }) {
                        @Override
                        void ended(RuntimeException failure) {
                            made.completeExceptionally(failure);
                        }
                    });
        }
        return finished.copy();
    }

    /** Calls a listener with the present row, if there is one, and with every newer one until the job is final. */
    public Subscription onChange(Consumer<JobState> listener) {
        Listener watch = new Listener(listener);
        reader.watch(id, watch);
        return () -> {
            watch.closed.set(true);
            reader.unwatch(id, watch);
        };
    }

    /**
     * Asks for the job to be cancelled, whatever its state; a final job stays as it is. Returns once the request is logged.
     *
     * @throws BrokerUnreachableException when no broker answers within submit.timeout.ms
     */
    public void cancel(String by, String reason) {
        client.cancel(id, by, reason);
    }

    /** Whether a state has no successor. */
    public static boolean isFinal(State state) {
        return States.isFinal(state);
    }

    private void refuseConflict(JobState row) {
        if (submitted != null && Bodies.conflict(submitted, row)) {
            throw new ConflictException(id);
        }
    }

    @Override
    public String toString() {
        return "job " + id;
    }

    /** Hands rows from the reader's thread to a listener on the callbacks' thread. */
    private class Listener implements StateReader.Watch {
        private final Consumer<JobState> listener;
        private final AtomicBoolean closed = new AtomicBoolean();

        Listener(Consumer<JobState> listener) {
            this.listener = listener;
        }

        @Override
        public boolean row(JobState row) {
            if (submitted != null && Bodies.conflict(submitted, row)) {
                failed(new ConflictException(id));
                return false;
            }
            callbacks.execute(() -> {
                if (!closed.get()) {
                    call(row);
                }
            });
            return !closed.get() && !isFinal(row.getState());
        }

        @Override
        public void failed(RuntimeException failure) {
            callbacks.execute(() -> ended(failure));
        }

        void ended(RuntimeException failure) {
            LOG.warn("no more changes are told jobId={}: {}", id, failure.getMessage());
        }

        private void call(JobState row) {
            try {
                listener.accept(row);
            } catch (RuntimeException thrown) {
                LOG.warn("a listener of the job failed and is told further changes jobId={}", id, thrown);
            }
        }
    }
}
