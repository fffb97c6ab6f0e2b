package io.quarry.scheduler.pool;

import io.quarry.avro.WorkerPhase;
import io.quarry.avro.WorkerState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is to be done about the workers of one group. Decides only; for one thread.
 *
 * <p>A worker goes in three steps, of which each follows from the one before it: an idle one is told to drain; it confirms that
 * it holds nothing and takes nothing; it is taken away. A worker that was idle when it was chosen and has a job when it is told
 * finishes that first. So no step can interrupt a job.
 */
final class GroupPlan {
    /** Commands may be lost: one that is not confirmed is given again. */
    private static final Duration AGAIN = Duration.ofSeconds(5);

    /** One thing to do. */
    sealed interface Step {
        /** Starts a worker. */
        record Add() implements Step {}

        /** Tells a worker to take no more job; again when it was told before; replaced when its group asks for another shape. */
        record Drain(String worker, boolean again, boolean replaced) implements Step {}

        /** Takes a worker away; again when it is still there. */
        record Remove(String worker, boolean again) implements Step {}
    }

    /**
     * The workers of a group and what they say.
     *
     * @param members the workers, as the pool has them
     * @param said what each last said of itself; null for nothing
     * @param busy whether the rows of jobs say that a worker has one in hand
     */
    record Workers(List<PoolWorker> members, Function<String, @Nullable WorkerState> said, Predicate<String> busy) {}

    /** Whether more workers can be started. */
    enum Room {
        /** Nothing is known against it. */
        FREE,
        /** Not now; perhaps when one has gone. */
        FULL,
        /** None of the wanted shape, ever: those there are stay as they are. */
        NEVER,
    }

    /**
     * What is wanted.
     *
     * @param shape what workers are to be started with
     * @param workers how many there should be
     * @param most how many there may be, those that are leaving included
     * @param room whether more can be started
     */
    record Goal(String shape, int workers, int most, Room room) {}

    private final Map<String, Instant> told = new HashMap<>();
    private final Map<String, Instant> taken = new HashMap<>();

    /** Workers that were not told to leave. */
    int staying(Workers workers) {
        return (int) workers.members.stream()
                .filter(member -> !told.containsKey(member.name()) && !drained(member, workers))
                .count();
    }

    /** Whether something is under way that has to be looked at again. */
    boolean unsettled(Workers workers) {
        return !told.isEmpty() || comes(workers);
    }

    /** Whether a worker was asked for that has not begun, or has said nothing yet. */
    static boolean comes(Workers workers) {
        return workers.members.stream().anyMatch(member -> !member.begun() || said(member, workers) == null);
    }

    /** The steps that lead from what is there to what is wanted, as far as they can be taken now. */
    List<Step> steps(Goal goal, Workers workers, Instant now) {
        Set<String> there = new HashSet<>();
        workers.members.forEach(member -> there.add(member.name()));
        told.keySet().retainAll(there);
        taken.keySet().retainAll(there);
        List<Step> steps = new ArrayList<>();
        List<PoolWorker> staying = new ArrayList<>();
        for (PoolWorker member : workers.members) {
            Instant since = told.get(member.name());
            // One that waits for a place to begin in would never confirm anything.
            if (drained(member, workers) || (since != null && !member.begun())) {
                told.put(member.name(), now);
                Instant before = taken.get(member.name());
                if (before == null || !now.isBefore(before.plus(AGAIN))) {
                    taken.put(member.name(), now);
                    steps.add(new Step.Remove(member.name(), before != null));
                }
            } else if (since == null) {
                staying.add(member);
            } else if (!now.isBefore(since.plus(AGAIN))) {
                steps.add(drain(member, true, goal.shape, now));
            }
        }
        change(goal, staying, workers, now, steps);
        return steps;
    }

    private void change(Goal goal, List<PoolWorker> staying, Workers workers, Instant now, List<Step> steps) {
        String shape = goal.shape;
        int wanted = goal.workers;
        List<PoolWorker> old =
                staying.stream().filter(member -> !member.shape().equals(shape)).toList();
        boolean rolls = wanted > 0 && !old.isEmpty() && goal.room != Room.NEVER;
        boolean newOnesReady =
                staying.stream().allMatch(member -> !member.shape().equals(shape) || said(member, workers) != null);
        int most = goal.room == Room.FREE ? goal.most : Math.min(goal.most, workers.members.size());
        // While workers are replaced there is one more where there is room: the group keeps its strength.
        int aim = rolls && staying.size() - old.size() < wanted ? wanted + 1 : wanted;
        int added = Math.min(aim - staying.size(), most - workers.members.size());
        for (int i = 0; i < added; i++) {
            steps.add(new Step.Add());
        }
        if (staying.size() > wanted && (!rolls || newOnesReady)) {
            leaving(staying, goal, staying.size() - wanted, workers)
                    .forEach(member -> steps.add(drain(member, false, shape, now)));
        } else if (rolls && newOnesReady && added <= 0 && told.isEmpty() && workers.members.size() >= most) {
            // No room for another one: one of the old goes first, and is replaced when it is gone.
            leaving(old, goal, 1, workers).forEach(member -> steps.add(drain(member, false, shape, now)));
        }
    }

    private Step drain(PoolWorker member, boolean again, String shape, Instant now) {
        told.put(member.name(), now);
        return new Step.Drain(member.name(), again, !member.shape().equals(shape));
    }

    /**
     * Idle workers that may leave: those of another shape first, then the newest. Never a busy one, and of the wanted shape only those
     * beyond what is wanted: one that came to replace a busy worker waits for it, however long that takes.
     */
    private static List<PoolWorker> leaving(List<PoolWorker> staying, Goal goal, int most, Workers workers) {
        List<PoolWorker> newestFirst = new ArrayList<>(staying);
        Collections.reverse(newestFirst);
        Map<Boolean, List<PoolWorker>> ofTheShape = newestFirst.stream()
                .collect(Collectors.partitioningBy(member -> member.shape().equals(goal.shape)));
        List<PoolWorker> current = ofTheShape.getOrDefault(true, List.of());
        Stream<PoolWorker> beyond = idle(current, workers).limit(Math.max(0, current.size() - goal.workers));
        return Stream.concat(idle(ofTheShape.getOrDefault(false, List.of()), workers), beyond)
                .limit(most)
                .toList();
    }

    private static Stream<PoolWorker> idle(List<PoolWorker> members, Workers workers) {
        return members.stream().filter(member -> !workers.busy.test(member.name()));
    }

    /** Whether this very process has confirmed that it holds nothing and takes nothing. */
    private static boolean drained(PoolWorker member, Workers workers) {
        WorkerState said = said(member, workers);
        return said != null && said.getPhase() == WorkerPhase.DRAINED;
    }

    /** What the process that a worker has now says; null when it has said nothing yet. */
    private static @Nullable WorkerState said(PoolWorker member, Workers workers) {
        WorkerState said = workers.said.apply(member.name());
        boolean another = said != null
                && member.pid().isPresent()
                && said.getPid() != null
                && member.pid().getAsLong() != said.getPid();
        return another ? null : said;
    }
}
