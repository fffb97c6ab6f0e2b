package io.quarry.worker;

import io.quarry.engine.JobHandler;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the attempts of a worker and looks after the one that runs. Used by the loop's thread. */
final class Attempts {
    private static final Logger LOG = LoggerFactory.getLogger(Attempts.class);
    private static final long LONGEST_TICK_MILLIS = 100;

    private final Map<String, JobHandler> handlers;
    private final WorkerSize size;
    private final Directories directories;
    private final InHand inHand;
    private final ProcessMemory memory;
    private final InstantSource clock;
    private final LongSupplier nanos;
    private final EventLog log;
    private final Events events;
    private final Deadlines deadlines;
    private final ScheduledExecutorService timer;
    private final Executor handlerThread;
    private final IntConsumer halt;
    private volatile @Nullable Pulse pulse;
    private boolean ticking;

    Attempts(
            Map<String, JobHandler> handlers,
            WorkerSize size,
            Directories directories,
            InHand inHand,
            ProcessMemory memory,
            InstantSource clock,
            LongSupplier nanos,
            EventLog log,
            Events events,
            Deadlines deadlines,
            ScheduledExecutorService timer,
            Executor handlerThread,
            IntConsumer halt) {
        this.handlers = Map.copyOf(handlers);
        this.size = size;
        this.directories = directories;
        this.inHand = inHand;
        this.memory = memory;
        this.clock = clock;
        this.nanos = nanos;
        this.log = log;
        this.events = events;
        this.deadlines = deadlines;
        this.timer = timer;
        this.handlerThread = handlerThread;
        this.halt = halt;
    }

    /** An attempt that has not begun, of a job whose kind has a handler. */
    Attempt of(Claim claim) {
        JobHandler handler = handlers.get(claim.job().getKind());
        if (handler == null) {
            throw new IllegalStateException(
                    "admitted a job of kind " + claim.job().getKind() + " without a handler");
        }
        memory.resetPeak();
        AttemptContext context = new AttemptContext(claim, clock.instant(), directories, size, memory, () -> {
            inHand.stopping(claim.id(), StopReason.OVER_MEMORY);
            halt.accept(ExitCode.OVER_MEMORY);
        });
        return new Attempt(claim, handler, context, handlerThread, inHand);
    }

    /** Notes what is in hand, for whoever sees this process die; called just before the claim is sent. */
    void hold(Attempt attempt) {
        inHand.hold(attempt.claim(), clock.instant());
    }

    /** Begins with the heartbeats and deadlines; called just after the claim is sent, since a heartbeat before it is a stranger's. */
    void watch(Attempt attempt) {
        pulse = new Pulse(attempt, nanos.getAsLong(), log, events, deadlines, nanos, halt);
        if (!ticking) {
            ticking = true;
            // For good: to set up and take down a timer for every job costs a small job more than it does itself.
            long millis = Math.min(
                    LONGEST_TICK_MILLIS, Math.max(1, deadlines.heartbeat().toMillis() / 2));
            ScheduledFuture<?> unused = timer.scheduleWithFixedDelay(this::tick, millis, millis, TimeUnit.MILLISECONDS);
        }
    }

    private void tick() {
        Pulse beating = pulse;
        if (beating == null) {
            return;
        }
        try {
            beating.tick();
        } catch (RuntimeException | Error e) {
            // Thrown on, it would end the heartbeats without a word.
            LOG.atError().setCause(e).log("heartbeat failed; the next one is tried");
        }
    }

    void unwatch() {
        pulse = null;
    }

    /** Forgets an attempt whose end nobody waits for. */
    void letGo(Claim claim) {
        inHand.letGo(claim.id());
    }

    /** What is known about an attempt that began at an instant of the monotonic clock. */
    Ending.Circumstances circumstances(Claim claim, long began) {
        Long timeout = claim.job().getTimeoutMs();
        return new Ending.Circumstances(
                events.worker(),
                Duration.ofNanos(nanos.getAsLong() - began),
                timeout == null ? null : Duration.ofMillis(timeout),
                deadlines.lease(),
                Runtime.getRuntime().maxMemory());
    }

    /** The monotonic clock, in nanoseconds. */
    long now() {
        return nanos.getAsLong();
    }

    void removeScratch(Claim claim) {
        directories.removeScratch(claim);
    }

    /** Removes an output that is not going to be reported as a success. */
    void removeOutput(Claim claim) {
        directories.removeOutput(claim);
    }
}
