package io.quarry.scheduler.pool;

import io.quarry.avro.JobState;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.ScalingAction;
import io.quarry.avro.ScalingDecision;
import io.quarry.avro.WorkerState;
import io.quarry.scheduler.pool.GroupPlan.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Holds what groups should have against what they have, and does one thing after the other about it. Looks at the groups of
 * which something changed, and at those where time alone may change the answer: what others there are costs nothing. For one
 * thread.
 */
final class Reconciler {
    /** What a decision leads to besides what the pool does. */
    interface Effects {
        /** Tells a worker to take no more job; may be lost. */
        void drain(String worker, String reason);

        /** Keeps a decision. */
        void keep(ScalingDecision decision);
    }

    private static final Duration SOON = Duration.ofSeconds(1);
    private static final Duration LATER = Duration.ofSeconds(5);
    /** How long a pool that refused a worker is not asked for another one of the same group. */
    private static final Duration REFUSED = Duration.ofSeconds(5);

    /** What is remembered of one group. */
    private static final class Remembered {
        private final GroupPlan plan = new GroupPlan();
        private ScalingPolicy.@Nullable Memory memory;
        private @Nullable Said said;
        private @Nullable Instant due;
        /** When the pool last refused one more worker, and why; forgotten when one goes. */
        private @Nullable Instant refused;

        private String refusal = "";
    }

    /** What the last decision that was kept said, so that only another one is kept. */
    private record Said(ScalingPolicy.@Nullable Rule rule, int wanted, String obstacle) {}

    private final WorkerPool pool;
    private final Effects effects;
    private final PoolView view = new PoolView();
    private final Map<String, ResourceGroup> groups = new HashMap<>();
    private final Map<String, WorkerState> workers = new HashMap<>();
    private final Map<String, Remembered> remembered = new HashMap<>();
    private final Set<String> changed = new LinkedHashSet<>();
    private final Set<String> waiting = new HashSet<>();
    private long looks;

    Reconciler(WorkerPool pool, Effects effects) {
        this.pool = pool;
        this.effects = effects;
        changed.addAll(pool.groups());
    }

    /** Takes in a group's row; null when it was deleted. */
    void group(String name, @Nullable ResourceGroup row) {
        if (row == null) {
            groups.remove(name);
        } else {
            groups.put(name, row);
        }
        changed.add(name);
    }

    /** Takes in a job's row; null when it is gone. */
    void job(String id, @Nullable JobState row) {
        changed.addAll(view.take(id, row));
    }

    /** Takes in what a worker says; null when it left. */
    void worker(String name, @Nullable WorkerState row) {
        WorkerState before = row == null ? workers.remove(name) : workers.put(name, row);
        WorkerState known = row == null ? before : row;
        if (known != null) {
            changed.add(known.getGroup());
        }
    }

    /** Groups looked at so far. */
    long looks() {
        return looks;
    }

    /** Looks at every group of which something changed, and at those whose time has come. */
    void tick(Instant now) {
        Set<String> due = new LinkedHashSet<>(changed);
        changed.clear();
        for (String group : waiting) {
            Remembered known = remembered.get(group);
            if (known == null || known.due == null || !now.isBefore(known.due)) {
                due.add(group);
            }
        }
        due.forEach(group -> look(group, now));
    }

    private void look(String name, Instant now) {
        looks++;
        ResourceGroup row = groups.get(name);
        GroupPlan.Workers there = new GroupPlan.Workers(pool.workers(name), workers::get, view::busy);
        if (row == null && there.members().isEmpty()) {
            remembered.remove(name);
            waiting.remove(name);
            return;
        }
        Remembered known = remembered.computeIfAbsent(name, group -> new Remembered());
        int staying = known.plan.staying(there);
        Load load = view.load(name, staying, now);
        Look look = new Look(name, row, load, now);
        ScalingPolicy.Answer answer = row == null ? gone() : answer(row, known, load, there.members(), now);
        known.memory = answer.memory();
        String shape = row == null ? "" : Shape.of(row);
        boolean startsSome = answer.wanted() > staying
                || GroupPlan.comes(there)
                || there.members().stream().anyMatch(member -> !member.shape().equals(shape));
        Optional<String> noPlace = row == null || !startsSome ? Optional.empty() : pool.obstacle(row);
        Optional<String> noStart = row == null || !startsSome ? Optional.empty() : pool.fault(row);
        String obstacle = noPlace.or(() -> noStart).orElse("");
        GroupPlan.Goal goal = new GroupPlan.Goal(
                shape,
                answer.wanted(),
                row == null ? 0 : Math.max(1, row.getMaxWorkers()),
                room(known, noPlace.isPresent(), noStart.isPresent(), now));
        boolean did = false;
        for (Step step : known.plan.steps(goal, there, now)) {
            did |= take(step, look, answer, known);
        }
        Said said = new Said(row == null ? null : answer.rule(), answer.wanted(), obstacle);
        if (!did && !said.equals(known.said)) {
            ScalingAction action = obstacle.isEmpty() ? ScalingAction.NONE : ScalingAction.CANNOT;
            effects.keep(look.decision(
                    action,
                    null,
                    answer.wanted(),
                    obstacle.isEmpty() ? answer.reason() : answer.reason() + "; " + obstacle));
        }
        known.said = said;
        again(name, known, row, load, answer, did || known.plan.unsettled(there), now);
    }

    /** Whether more workers can be started, as far as is known. */
    private static GroupPlan.Room room(Remembered known, boolean noPlace, boolean noStart, Instant now) {
        if (noPlace) {
            return GroupPlan.Room.NEVER;
        }
        boolean refused = known.refused != null && now.isBefore(known.refused.plus(REFUSED));
        return refused || noStart ? GroupPlan.Room.FULL : GroupPlan.Room.FREE;
    }

    private static ScalingPolicy.Answer gone() {
        return new ScalingPolicy.Answer(
                0, ScalingPolicy.Rule.BOUNDS, "the group was deleted", ScalingPolicy.Memory.of(0));
    }

    private static ScalingPolicy.Answer answer(
            ResourceGroup row, Remembered known, Load load, List<PoolWorker> members, Instant now) {
        ScalingPolicy.Memory memory = known.memory == null ? first(row, load, members) : known.memory;
        return ScalingPolicy.workers(load, row, memory, now);
    }

    /** What there is when it is first looked at was wanted, but for the one more that there may be while workers are replaced. */
    private static ScalingPolicy.Memory first(ResourceGroup row, Load load, List<PoolWorker> members) {
        String shape = Shape.of(row);
        long current =
                members.stream().filter(member -> member.shape().equals(shape)).count();
        boolean rolls = current > 0 && current < members.size();
        return ScalingPolicy.Memory.of(rolls ? Math.max(0, load.workers() - 1) : load.workers());
    }

    /** One look: what each of its decisions is made from. */
    private record Look(String group, @Nullable ResourceGroup row, Load load, Instant now) {
        ScalingDecision decision(ScalingAction action, @Nullable String worker, int wanted, String reason) {
            return ScalingDecision.newBuilder()
                    .setGroup(group)
                    .setAction(action)
                    .setWorker(worker)
                    .setWorkers(load.workers())
                    .setWanted(wanted)
                    .setReason(reason)
                    .setQueued(load.queued())
                    .setRunning(load.running())
                    .setOldestWaitMs(load.oldestWait().toMillis())
                    .setArrivalsPerMinute(load.arrivalsPerSecond() * 60)
                    .setServiceSeconds(load.serviceSeconds())
                    .setGroupVersion(row == null ? 0 : row.getVersion())
                    .setAt(now)
                    .build();
        }
    }

    /** Takes a step; its answer is whether a decision was kept. */
    private boolean take(Step step, Look look, ScalingPolicy.Answer answer, Remembered known) {
        ResourceGroup row = look.row;
        try {
            if (step instanceof Step.Add && row != null) {
                if (known.refused != null && known.refused.equals(look.now)) {
                    return true;
                }
                String name = pool.add(row).orElse(null);
                known.refused = null;
                known.refusal = "";
                effects.keep(look.decision(ScalingAction.ADD, name, answer.wanted(), answer.reason()));
            } else if (step instanceof Step.Drain drain) {
                String reason = drain.replaced() && row != null
                        ? "its group's row asks for another worker now: it is replaced"
                        : answer.reason();
                effects.drain(drain.worker(), reason);
                if (!drain.again()) {
                    effects.keep(look.decision(ScalingAction.DRAIN, drain.worker(), answer.wanted(), reason));
                }
            } else if (step instanceof Step.Remove remove) {
                if (!remove.again()) {
                    // Kept before it is done: a death that follows is then in its time.
                    effects.keep(look.decision(
                            ScalingAction.REMOVE,
                            remove.worker(),
                            answer.wanted(),
                            "it confirmed that it holds no job and takes none, or had not begun yet"));
                }
                pool.remove(look.group, remove.worker());
                known.refused = null;
            }
        } catch (PoolException refused) {
            String why = String.valueOf(refused.getMessage());
            if (!why.equals(known.refusal)) {
                effects.keep(look.decision(ScalingAction.CANNOT, null, answer.wanted(), answer.reason() + "; " + why));
            }
            known.refused = look.now;
            known.refusal = why;
        }
        return true;
    }

    /** When the group is looked at again although nothing of it changes; a group at rest is not. */
    private void again(
            String name,
            Remembered known,
            @Nullable ResourceGroup row,
            Load load,
            ScalingPolicy.Answer answer,
            boolean unsettled,
            Instant now) {
        boolean atRest = load.queued() == 0 && !unsettled && load.workers() == answer.wanted();
        boolean mayShrink = row != null && answer.wanted() > row.getMinWorkers();
        if (atRest && !mayShrink) {
            known.due = null;
            waiting.remove(name);
        } else {
            known.due = now.plus(atRest ? LATER : SOON);
            waiting.add(name);
        }
    }
}
