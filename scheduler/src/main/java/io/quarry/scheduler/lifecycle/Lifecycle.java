package io.quarry.scheduler.lifecycle;

import io.quarry.avro.Asked;
import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.CommandType;
import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.Outcome;
import io.quarry.avro.Owner;
import io.quarry.avro.State;
import io.quarry.avro.Transition;
import io.quarry.scheduler.lifecycle.Event.CancelRequested;
import io.quarry.scheduler.lifecycle.Event.Claimed;
import io.quarry.scheduler.lifecycle.Event.Due;
import io.quarry.scheduler.lifecycle.Event.Enqueued;
import io.quarry.scheduler.lifecycle.Event.Finished;
import io.quarry.scheduler.lifecycle.Event.Heartbeat;
import io.quarry.scheduler.lifecycle.Event.Launched;
import io.quarry.scheduler.lifecycle.Event.LeaseOut;
import io.quarry.scheduler.lifecycle.Event.Passed;
import io.quarry.scheduler.lifecycle.Event.PodFailed;
import io.quarry.scheduler.lifecycle.Event.Submitted;
import io.quarry.scheduler.lifecycle.Event.Waiting;
import io.quarry.scheduler.lifecycle.Event.WorkerDied;
import io.quarry.scheduler.lifecycle.Step.Kind;
import io.quarry.schemas.States;
import io.quarry.schemas.SubmittedJob;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The state machine of a job: a pure, total function of row and event. Every pair of state and event has an answer; one that
 * cannot happen unless somebody errs changes nothing and says so.
 *
 * <p>Three rules hold everything else up. The first claim of the current attempt owns it, and only the owner's events count.
 * An attempt's number is never given out twice: the next one is the highest ever issued plus one. A row SUCCEEDED that names
 * the claim is the only publication of a result.
 *
 * @param retention how long a final row is kept
 * @param progressInterval least time between two rows that differ in progress only
 */
record Lifecycle(Duration retention, Duration progressInterval) {
    /** How often an attempt may be appended again, or lost before it starts, until the job is given up. */
    static final int PATIENCE = 3;

    /**
     * What a step depends on beside row and event.
     *
     * @param now append time of the log record that is being read; never a wall clock
     * @param policy of the job's group
     */
    record Context(Instant now, RetryPolicy policy) {}

    /**
     * Row and effects that follow from an event. A deadline that has passed by the event's time comes first, whether or not a
     * tick has said so: what becomes of a job depends on the log's time, never on when somebody ticked.
     */
    Step next(@Nullable JobState row, Event event, Context context) {
        if (row == null) {
            Step first = unknown(event, context);
            return first.state() == null ? first : first.then(overdue(first.state(), context));
        }
        Step late = overdue(row, context);
        if (late == null) {
            return new Turn(this, row, context).take(event);
        }
        JobState expired = Objects.requireNonNull(late.state());
        return event instanceof Due ? late : late.then(new Turn(this, expired, context).take(event));
    }

    private @Nullable Step overdue(JobState row, Context context) {
        return States.isFinal(row.getState()) ? null : new Turn(this, row, context).overdue();
    }

    /** Instant at which the row wants to see {@link Due}; null for never. */
    @Nullable Instant dueAt(JobState row) {
        Instant complete = row.getJob().getCompleteBy();
        return switch (row.getState()) {
            case QUEUED, LAUNCHING -> earliest(complete, startBy(row));
            case RUNNING -> earliest(complete, row.getRunDeadline());
            case RETRYING -> earliest(earliest(complete, startBy(row)), row.getEnqueued() ? null : row.getDueAt());
            case SUCCEEDED, FAILED, CANCELLED, EXPIRED -> row.getFinishedAt().plus(retention);
            case UNKNOWN -> null;
        };
    }

    /** Whether an archived, skipped or removed record would leave the row waiting for nobody. */
    static boolean waitsForItsRecord(JobState row) {
        return row.getSource() != null && (isQueued(row) || row.getState() == State.LAUNCHING);
    }

    private static boolean isQueued(JobState row) {
        return row.getState() == State.QUEUED || (row.getState() == State.RETRYING && row.getEnqueued());
    }

    /** The start deadline, as long as it means anything: until the first claim. */
    static @Nullable Instant startBy(JobState row) {
        return row.getFirstStartedAt() == null ? row.getJob().getStartBy() : null;
    }

    private static @Nullable Instant earliest(@Nullable Instant a, @Nullable Instant b) {
        if (a == null) {
            return b;
        }
        return b == null || a.isBefore(b) ? a : b;
    }

    private Step unknown(Event event, Context context) {
        if (event instanceof Submitted e) {
            return submitted(e, context);
        }
        if (event instanceof Claimed e && e.attempt() == 1 && e.job() != null) {
            // The claim overtook the submission: intake is behind. It carries the job, so nothing is missing.
            JobState row = first(e.job(), context.now(), State.QUEUED)
                    .setSubmittedSource(e.source())
                    .setSource(e.source())
                    .build();
            return next(row, event, context);
        }
        if (event instanceof CancelRequested e) {
            JobState row = first(Rows.unseen(e.jobId()), context.now(), State.CANCELLED)
                    .setFinishedAt(context.now())
                    .setCause(Causes.cancelled(e))
                    .setVersion(1)
                    .setHistory(List.of(new Transition(
                            context.now(),
                            State.CANCELLED,
                            1,
                            null,
                            Causes.cancelled(e),
                            "cancelled before it was seen")))
                    .build();
            return new Step(Kind.CHANGED, row, List.of());
        }
        String claim = claimOf(event);
        if (claim != null && !(event instanceof WorkerDied) && !(event instanceof PodFailed)) {
            return new Step(
                    Kind.FENCED, null, List.of(new Effect.Tell(CommandType.FENCE, claim, "the job is not known")));
        }
        return new Step(Kind.IMPOSSIBLE, null, List.of());
    }

    private Step submitted(Submitted e, Context context) {
        JobState.Builder row = first(e.job(), context.now(), e.oversize() ? State.LAUNCHING : State.QUEUED)
                .setSubmittedSource(e.source())
                .setSource(e.source())
                .setOversize(e.oversize());
        Turn turn = new Turn(this, row.build(), context);
        if (e.refusal() != null) {
            return turn.fail(e.refusal());
        }
        Cause noPod = e.oversize() ? context.policy().refusesPod(e.job()) : null;
        if (noPod != null) {
            return turn.fail(noPod);
        }
        return turn.change(turn.row.getState(), null, null, "submitted");
    }

    static JobState.Builder first(Job job, Instant now, State state) {
        return JobState.newBuilder()
                .setJob(job)
                .setState(state)
                .setSubmittedAt(now)
                .setQueuedAt(now)
                .setHistory(List.of());
    }

    private static @Nullable String claimOf(Event event) {
        if (event instanceof Claimed e) {
            return e.claim();
        }
        if (event instanceof Heartbeat e) {
            return e.claim();
        }
        return event instanceof Finished e ? e.claim() : null;
    }

    /** One event's turn at one row. Lives for one call of {@link #next}. */
    private static final class Turn {
        private final Lifecycle rules;
        private final JobState row;
        private final Context context;
        private final Instant now;
        private final Draft draft;

        Turn(Lifecycle rules, JobState row, Context context) {
            this.rules = rules;
            this.row = row;
            this.context = context;
            this.now = context.now();
            this.draft = new Draft(row, now);
        }

        Step take(Event event) {
            // One branch per event; each looks at the state.
            if (event instanceof Submitted e) {
                return submittedAgain(e);
            } else if (event instanceof Enqueued e) {
                return enqueued(e);
            } else if (event instanceof Claimed e) {
                return claimed(e);
            } else if (event instanceof Heartbeat e) {
                return heartbeat(e);
            } else if (event instanceof Finished e) {
                return finished(e);
            } else if (event instanceof WorkerDied e) {
                return died(e.claim(), e.cause());
            } else if (event instanceof Launched e) {
                return launched(e);
            } else if (event instanceof Waiting e) {
                return waiting(e);
            } else if (event instanceof PodFailed e) {
                return podFailed(e);
            } else if (event instanceof CancelRequested e) {
                return cancel(e);
            } else if (event instanceof Passed e) {
                return passed(e);
            } else if (event instanceof LeaseOut e) {
                return leaseOut(e);
            }
            return due();
        }

        // ---- records of the topics

        private Step submittedAgain(Submitted e) {
            if (row.getSubmittedSource() == null) {
                // Only the cancel was known so far: this is the submission that it overtook.
                draft.row.setJob(e.job()).setSubmittedSource(e.source()).setOversize(e.oversize());
                return changed();
            }
            if (row.getSubmittedSource().equals(e.source())) {
                // Seen before: its claim overtook it.
                return e.refusal() == null || States.isFinal(row.getState()) ? same() : refuse(e.refusal());
            }
            draft.row.setDuplicates(row.getDuplicates() + 1);
            if (!Rows.sameBody(SubmittedJob.of(row), e.job())) {
                draft.row.setConflict(true);
                draft.line(
                        row.getState(),
                        null,
                        null,
                        "submitted again with another body, which is ignored: the first one counts");
            }
            return changed();
        }

        private Step refuse(Cause refusal) {
            if (row.getOwner() != null) {
                draft.tell(CommandType.FENCE, row.getOwner().getClaim(), "the job breaks a rule");
            }
            return fail(refusal);
        }

        private Step enqueued(Enqueued e) {
            boolean waiting = isQueued(row) || row.getState() == State.LAUNCHING;
            if (!waiting || e.attempt() != row.getAttempt() || e.source().equals(row.getSource())) {
                return same();
            }
            draft.row.setSource(e.source());
            return changed();
        }

        private Step passed(Passed e) {
            if (!waitsForItsRecord(row)
                    || !row.getSource().getTopic().equals(e.topic())
                    || row.getSource().getOffset() >= e.offset()) {
                return same();
            }
            draft.row.setSource(null).setRequeues(row.getRequeues() + 1);
            if (row.getRequeues() + 1 >= PATIENCE) {
                return fail(Causes.neverClaimed(e));
            }
            draft.row.setQueuedAt(now);
            append(row.getAttempt());
            return change(row.getState(), null, null, "appended again: its record passed unclaimed");
        }

        // ---- the holder of a claim

        private Step claimed(Claimed e) {
            if (isOwner(e.claim())) {
                return row.getState() == State.RUNNING ? tell(CommandType.GRANT, e.claim(), "granted") : same();
            }
            if (isLostOwner(e.claim())) {
                return same();
            }
            boolean open = switch (row.getState()) {
                case QUEUED, LAUNCHING -> true;
                case RETRYING -> row.getEnqueued();
                default -> false;
            };
            if (!open || e.attempt() != row.getAttempt()) {
                return fence(e.claim());
            }
            if (e.job() != null && !Rows.sameBody(row.getJob(), e.job())) {
                // A duplicate with another body was taken first. What it would publish is not what was asked for first.
                return fence(e.claim());
            }
            if (row.getLostOwner() != null) {
                draft.tell(
                        CommandType.FENCE,
                        row.getLostOwner().getClaim(),
                        "another attempt began after the lease ran out");
            }
            draft.row
                    .setOwner(new Owner(e.claim(), e.attempt(), e.worker(), true, e.started(), now))
                    .setLostOwner(null)
                    .setSource(null)
                    .setRequeues(0)
                    .setDueAt(null)
                    .setStartedAt(now)
                    .setFirstStartedAt(row.getFirstStartedAt() == null ? now : row.getFirstStartedAt())
                    .setRunDeadline(now.plus(context.policy().timeout(row.getJob())))
                    .setProgress(null)
                    .setProgressAt(null);
            if (!e.started()) {
                // Every worker reads every command: one whose handler runs already waits for none.
                draft.tell(CommandType.GRANT, e.claim(), "granted");
            }
            draft.effects.add(new Effect.RenewLease(e.claim()));
            return change(State.RUNNING, e.worker(), null, "claimed");
        }

        private Step heartbeat(Heartbeat e) {
            if (isLostOwner(e.claim())) {
                return comeBack(e);
            }
            if (!isRunningOwner(e.claim())) {
                return isOwner(e.claim()) ? same() : fence(e.claim());
            }
            draft.effects.add(new Effect.RenewLease(e.claim()));
            if (!e.started()) {
                // It waits for its grant, or has not got to its work yet: the grant may have been lost.
                draft.tell(CommandType.GRANT, e.claim(), "granted");
            }
            boolean starts = e.started() && !row.getOwner().getStarted();
            if (starts) {
                draft.row.setOwner(
                        Owner.newBuilder(row.getOwner()).setStarted(true).build());
            }
            boolean report = e.progress() != null
                    && (starts
                            || row.getProgressAt() == null
                            || !now.isBefore(row.getProgressAt().plus(rules.progressInterval())));
            if (report) {
                draft.row.setProgress(e.progress()).setProgressAt(now);
            }
            return starts || report ? changed() : new Step(Kind.SAME, row, draft.effects);
        }

        private Step comeBack(Heartbeat e) {
            Owner lost = row.getLostOwner();
            if (reached(row.getRunDeadline())) {
                return lostForGood(lost);
            }
            refund(lost);
            draft.row
                    .setOwner(Owner.newBuilder(lost)
                            .setStarted(lost.getStarted() || e.started())
                            .build())
                    .setLostOwner(null)
                    .setSource(null)
                    .setEnqueued(true)
                    .setDueAt(null)
                    .setCause(null)
                    .setStartedAt(lost.getClaimedAt());
            if (e.progress() != null) {
                draft.row.setProgress(e.progress()).setProgressAt(now);
            }
            draft.tell(CommandType.GRANT, e.claim(), "granted again");
            draft.effects.add(new Effect.RenewLease(e.claim()));
            return change(State.RUNNING, lost.getWorker(), null, "the worker came back before another attempt began");
        }

        /** Gives back what a loss cost: the charge of a started attempt, or patience for one that had not begun. */
        private void refund(Owner lost) {
            draft.row
                    .setAttempt(lost.getAttempt())
                    .setCharged(lost.getStarted() ? row.getCharged() - 1 : row.getCharged())
                    .setNeverStarted(lost.getStarted() ? row.getNeverStarted() : row.getNeverStarted() - 1);
        }

        private Step finished(Finished e) {
            if (isLostOwner(e.claim())) {
                if (reached(row.getRunDeadline())) {
                    return lostForGood(row.getLostOwner());
                }
                if (e.outcome() == Outcome.SUCCEEDED) {
                    refund(row.getLostOwner());
                    return succeed(e, row.getLostOwner());
                }
                return forgetLostOwner(Causes.of(e));
            }
            if (!isRunningOwner(e.claim())) {
                return isOwner(e.claim()) ? same() : fence(e.claim());
            }
            if (e.progress() != null) {
                draft.row.setProgress(e.progress()).setProgressAt(now);
            }
            Cause cause = Causes.of(e);
            return switch (e.outcome()) {
                case SUCCEEDED -> succeed(e, row.getOwner());
                case RETRIABLE, UNKNOWN -> failedAttempt(cause, row.getOwner().getWorker());
                case FAILED ->
                    context.policy().asksFor(cause.getType(), row.getJob())
                                    || !(nextSize(cause) instanceof NextSize.NotAsked)
                            ? failedAttempt(cause, row.getOwner().getWorker())
                            : fail(cause);
                case HANDED_BACK -> handedBack(cause);
                case MISPLACED -> misplaced(cause);
            };
        }

        private Step succeed(Finished e, Owner owner) {
            draft.row
                    .setOwner(owner)
                    .setManifest(e.manifest())
                    .setCause(null)
                    .setLostOwner(null)
                    .setSource(null)
                    .setEnqueued(true)
                    .setDueAt(null)
                    .setFinishedAt(now);
            return change(State.SUCCEEDED, owner.getWorker(), null, "published");
        }

        private Step handedBack(Cause cause) {
            draft.row.setDueAt(now);
            return another(cause, row.getOwner().getWorker(), "given back unfinished, not charged");
        }

        private Step misplaced(Cause cause) {
            if (!context.policy().oversize()) {
                // Its worker named the nearest size.
                return fail(cause);
            }
            Cause noPod = context.policy().refusesPod(row.getJob());
            if (noPod != null) {
                return fail(noPod);
            }
            int attempt = row.getHighestAttempt() + 1;
            draft.row
                    .setOversize(true)
                    .setAttempt(attempt)
                    .setHighestAttempt(attempt)
                    .setOwner(null)
                    .setRunDeadline(null)
                    .setSource(null)
                    .setCause(cause)
                    .setQueuedAt(now);
            append(attempt);
            return change(State.LAUNCHING, null, cause, "larger than a worker of its group: gets a pod of its own");
        }

        // ---- losses

        private Step died(String claim, Cause seen) {
            Cause cause = Causes.withPeak(seen, row.getProgress());
            if (isLostOwner(claim)) {
                return forgetLostOwner(cause);
            }
            if (!isRunningOwner(claim)) {
                return same();
            }
            Owner owner = row.getOwner();
            draft.tell(CommandType.FENCE, claim, "its process was seen to die");
            if (!owner.getStarted()) {
                return neverStarted(cause, owner);
            }
            return failedAttempt(cause, owner.getWorker());
        }

        private Step leaseOut(LeaseOut e) {
            if (!isRunningOwner(e.claim())) {
                return same();
            }
            Owner owner = row.getOwner();
            // No fence: it may come back as long as nobody else has begun.
            draft.row.setLostOwner(owner);
            Cause cause = Causes.silent(owner);
            if (!owner.getStarted()) {
                return neverStarted(cause, owner);
            }
            int charged = row.getCharged() + 1;
            draft.row.setCharged(charged).setDueAt(now.plus(delay(charged - 1)));
            return another(cause, owner.getWorker(), "no heartbeat for a whole lease");
        }

        private Step neverStarted(Cause cause, Owner owner) {
            int lost = row.getNeverStarted() + 1;
            draft.row.setNeverStarted(lost);
            if (lost >= PATIENCE) {
                return fail(Causes.neverStarted(cause));
            }
            draft.row.setDueAt(now.plus(delay(lost)));
            return another(cause, owner.getWorker(), "lost before it started, not charged");
        }

        /** Its time was over before it was heard of again: the attempt that follows it goes on. */
        private Step lostForGood(Owner lost) {
            Cause cause = Causes.tooLong(row);
            draft.tell(CommandType.FENCE, lost.getClaim(), cause.getMessage());
            return forgetLostOwner(cause);
        }

        private Step forgetLostOwner(Cause cause) {
            String worker = row.getLostOwner().getWorker();
            draft.row.setLostOwner(null).setRunDeadline(null).setCause(cause);
            return change(row.getState(), worker, cause, "the lost worker will not come back");
        }

        private Step podFailed(PodFailed e) {
            if (e.claim() != null && (isLostOwner(e.claim()) || isRunningOwner(e.claim()))) {
                return died(e.claim(), e.cause());
            }
            if (row.getState() != State.LAUNCHING || e.attempt() != row.getAttempt()) {
                return same();
            }
            return failedAttempt(e.cause(), null);
        }

        private Step launched(Launched e) {
            if (row.getState() != State.LAUNCHING || e.attempt() != row.getAttempt()) {
                return same();
            }
            return change(State.LAUNCHING, null, null, "its pod was made");
        }

        private Step waiting(Waiting e) {
            boolean waits = isQueued(row) || row.getState() == State.LAUNCHING;
            if (!waits || e.attempt() != row.getAttempt() || e.reason().equals(row.getWaitsBecause())) {
                return same();
            }
            draft.row.setWaitsBecause(e.reason());
            // One line as the wait begins: what is said later may change with every pod of the cluster.
            return row.getWaitsBecause() == null ? change(row.getState(), null, null, e.reason()) : changed();
        }

        private Step failedAttempt(Cause cause, @Nullable String worker) {
            NextSize next = nextSize(cause);
            boolean left = row.getCharged() < maxAttempts();
            if (left && next instanceof NextSize.Larger larger) {
                return withMore(larger, cause, worker);
            }
            if (next instanceof NextSize.None none && !again(cause.getType())) {
                return end(State.FAILED, cause, CommandType.FENCE, "failed for good, no larger size: " + none.reason());
            }
            if (!again(cause.getType()) || row.getCharged() >= maxAttempts()) {
                return fail(cause);
            }
            return chargedAttempt(cause, worker);
        }

        private NextSize nextSize(Cause cause) {
            return NextSize.of(row, cause.getType(), context.policy());
        }

        /** The next attempt follows at once: it is another size that mends it, not another time. */
        private Step withMore(NextSize.Larger larger, Cause cause, @Nullable String worker) {
            Job was = row.getJob();
            draft.row
                    .setAsked(
                            row.getAsked() == null
                                    ? new Asked(was.getResourceGroup(), was.getResources())
                                    : row.getAsked())
                    .setJob(larger.job())
                    .setOversize(larger.oversize())
                    .setCharged(row.getCharged() + 1)
                    .setDueAt(now);
            return another(cause, worker, "ran out of memory, is tried again " + larger.words());
        }

        private Step chargedAttempt(Cause cause, @Nullable String worker) {
            draft.row.setCharged(row.getCharged() + 1).setDueAt(now.plus(delay(row.getCharged())));
            return another(cause, worker, "failed, is tried again");
        }

        /** Makes the next attempt, which waits for its due time. */
        private Step another(Cause cause, @Nullable String worker, String detail) {
            int attempt = row.getHighestAttempt() + 1;
            draft.row
                    .setOwner(null)
                    .setSource(null)
                    .setEnqueued(false)
                    .setRequeues(0)
                    // Kept for a lost owner: if it comes back it has no more time than before.
                    .setRunDeadline(draft.row.getLostOwner() == null ? null : row.getRunDeadline())
                    .setAttempt(attempt)
                    .setHighestAttempt(attempt)
                    .setCause(cause);
            return change(State.RETRYING, worker, cause, detail);
        }

        private Duration delay(int failures) {
            return context.policy().delay(row.getJob(), row.getHighestAttempt() + 1, failures);
        }

        // ---- requests and time

        private Step cancel(CancelRequested e) {
            if (States.isFinal(row.getState())) {
                return same();
            }
            return end(State.CANCELLED, Causes.cancelled(e), CommandType.CANCEL, "cancelled");
        }

        private Step due() {
            if (States.isFinal(row.getState())) {
                return now.isBefore(row.getFinishedAt().plus(rules.retention()))
                        ? same()
                        : new Step(Kind.REMOVED, null, List.of());
            }
            if (row.getState() != State.RETRYING || row.getEnqueued() || !reached(row.getDueAt())) {
                return same();
            }
            Owner lost = row.getLostOwner();
            boolean given = lost != null && lost.getStarted() && !again(CauseType.WORKER_SILENT);
            if (given || row.getCharged() > maxAttempts()) {
                return fail(row.getCause());
            }
            draft.row.setEnqueued(true).setSource(null).setDueAt(null).setQueuedAt(now);
            append(row.getAttempt());
            return change(row.getOversize() ? State.LAUNCHING : State.RETRYING, null, null, "appended");
        }

        /** What a deadline does that has passed; null when none has. */
        @Nullable Step overdue() {
            Job job = row.getJob();
            if (reached(job.getCompleteBy())) {
                return expire(CauseType.COMPLETE_DEADLINE, job.getCompleteBy(), "it was not done by complete_by");
            }
            if (row.getState() == State.RUNNING) {
                return reached(row.getRunDeadline()) ? tooLong() : null;
            }
            return reached(startBy(row))
                    ? expire(CauseType.START_DEADLINE, startBy(row), "no attempt had started by start_by")
                    : null;
        }

        private Step tooLong() {
            Owner owner = row.getOwner();
            Cause cause = Causes.tooLong(row);
            if (!again(CauseType.RUN_DEADLINE) || row.getCharged() >= maxAttempts()) {
                return end(State.EXPIRED, cause, CommandType.FENCE, cause.getMessage());
            }
            draft.tell(CommandType.FENCE, owner.getClaim(), cause.getMessage());
            return chargedAttempt(cause, owner.getWorker());
        }

        private boolean again(CauseType cause) {
            return context.policy().again(cause, row.getJob());
        }

        private int maxAttempts() {
            return context.policy().maxAttempts(row.getJob());
        }

        private boolean reached(@Nullable Instant instant) {
            return instant != null && !now.isBefore(instant);
        }

        private Step expire(CauseType type, @Nullable Instant deadline, String rule) {
            return end(
                    State.EXPIRED,
                    new Cause(type, rule, Map.of("deadline", String.valueOf(deadline))),
                    CommandType.FENCE,
                    rule);
        }

        private Step fail(Cause cause) {
            return end(State.FAILED, cause, CommandType.FENCE, "failed for good");
        }

        private Step end(State state, Cause cause, CommandType told, String detail) {
            // An owner that said it is finished needs no word; one that is silent, dead or busy does.
            boolean done = state == State.FAILED;
            String worker = row.getOwner() == null ? null : row.getOwner().getWorker();
            if (row.getOwner() != null && !done) {
                draft.tell(told, row.getOwner().getClaim(), detail);
            }
            if (row.getLostOwner() != null) {
                draft.tell(told, row.getLostOwner().getClaim(), detail);
            }
            draft.row
                    .setOwner(null)
                    .setLostOwner(null)
                    .setSource(null)
                    .setDueAt(null)
                    .setRunDeadline(null)
                    .setFinishedAt(now)
                    .setCause(cause);
            if (done) {
                draft.effects.add(new Effect.Dead(Rows.dead(row, state, cause, now)));
            }
            return change(state, worker, cause, detail);
        }

        // ---- small things

        private void append(int attempt) {
            Job job = Rows.attempt(row.getJob(), attempt);
            boolean oversize = draft.row.getOversize();
            draft.effects.add(oversize ? new Effect.AppendOversize(job) : new Effect.AppendRetry(job));
        }

        private boolean isOwner(String claim) {
            return row.getOwner() != null && row.getOwner().getClaim().equals(claim);
        }

        private boolean isRunningOwner(String claim) {
            return row.getState() == State.RUNNING && isOwner(claim);
        }

        private boolean isLostOwner(String claim) {
            return row.getLostOwner() != null && row.getLostOwner().getClaim().equals(claim);
        }

        private Step same() {
            return new Step(Kind.SAME, row, List.of());
        }

        private Step tell(CommandType type, String claim, String reason) {
            return new Step(Kind.SAME, row, List.of(new Effect.Tell(type, claim, reason)));
        }

        private Step fence(String claim) {
            return new Step(
                    Kind.FENCED,
                    row,
                    List.of(new Effect.Tell(CommandType.FENCE, claim, "the claim does not own the job")));
        }

        Step change(State state, @Nullable String worker, @Nullable Cause cause, String detail) {
            draft.row.setState(state);
            if (state != row.getState()) {
                draft.row.setWaitsBecause(null);
            }
            draft.line(state, worker, cause, detail);
            return changed();
        }

        private Step changed() {
            return new Step(
                    Kind.CHANGED, draft.row.setVersion(row.getVersion() + 1).build(), draft.effects);
        }
    }
}
