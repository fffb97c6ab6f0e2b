package io.quarry.worker;

import io.quarry.avro.JobEvent;
import io.quarry.avro.Outcome;
import java.time.Duration;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the job of one record by the protocol of every worker, then leaves; how that went is the exit code. While broker or
 * registry are away before the claim it waits.
 */
final class OneJob implements Work {
    private static final Logger LOG = LoggerFactory.getLogger(OneJob.class);
    private static final Duration AGAIN = Duration.ofSeconds(1);
    /** The end of a job is worth waiting for: the process has nothing else to do. */
    private static final Duration LAST_WORDS = Duration.ofMinutes(30);

    private static final Duration TOLD_TO_GO = Duration.ofSeconds(30);

    private final ClaimLoop loop;
    private final OneRecord record;
    private final Finishes finishes;
    private final Current current;
    private volatile @Nullable Outcome reported;
    private volatile int end = ExitCode.UNHEARD;

    OneJob(ClaimLoop loop, OneRecord record, Finishes finishes, Current current) {
        this.loop = loop;
        this.record = record;
        this.finishes = finishes;
        this.current = current;
    }

    /** Takes notice that the end of an attempt is durable. Any thread. */
    void logged(JobEvent finished) {
        reported = finished.getOutcome();
    }

    @Override
    public int exitCode() {
        Outcome outcome = reported;
        if (end != ExitCode.UNHEARD || outcome == null) {
            return end;
        }
        return outcome == Outcome.SUCCEEDED ? ExitCode.DONE : ExitCode.REPORTED;
    }

    @Override
    public void run() {
        try {
            while (current.will() == Current.Will.WORK && !step()) {
                boolean unused = current.awaitLeave(AGAIN);
            }
            if (!awaitReported()) {
                LOG.warn("the end of the attempt was not logged; the job runs again");
                end = ExitCode.UNREACHABLE;
            }
        } catch (InterruptedException e) {
            LOG.warn("the process was interrupted and leaves");
        } catch (RuntimeException | Error e) {
            end = ExitCode.FAULT;
            LOG.atError().setCause(e).log("failed by a fault of its own and leaves; the job's lease runs out");
        } finally {
            record.close();
        }
    }

    /** Waits for the end of the attempt to be durable; not for long when the process is told to go, since its parent may be gone. */
    private boolean awaitReported() throws InterruptedException {
        long began = System.nanoTime();
        while (!finishes.awaitAll(AGAIN)) {
            Duration most = current.will() == Current.Will.WORK ? LAST_WORDS : TOLD_TO_GO;
            if (System.nanoTime() - began > most.toNanos()) {
                return false;
            }
        }
        return true;
    }

    /** Whether there is nothing more to do. */
    private boolean step() throws InterruptedException {
        try {
            return switch (loop.runOnce()) {
                case RAN -> true;
                case IDLE -> {
                    end = record.gone() ? ExitCode.NO_RECORD : end;
                    yield record.gone();
                }
                case REJECTED -> {
                    end = ExitCode.NO_RECORD;
                    yield true;
                }
                case CLAIM_LOST -> {
                    end = ExitCode.UNREACHABLE;
                    yield true;
                }
                case REGISTRY_DOWN -> false;
            };
        } catch (KafkaException e) {
            LOG.atWarn()
                    .addKeyValue("reason", e.toString())
                    .log("the job's record could not be read; it is tried again");
            record.close();
            return false;
        }
    }
}
