package io.quarry.scheduler.pool;

import io.quarry.avro.Pause;
import io.quarry.avro.ResourceGroup;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How many workers a group should have. Pure: the same load, group, memory and instant give the same answer.
 *
 * <p>It grows at once, by as many as let every waiting job begin within the target wait, and never to more workers than there
 * are jobs. It shrinks slowly: to the most that was needed at any time of a whole cooldown, and only then. So a burst that comes
 * again within the cooldown finds the workers still there, and nothing flaps.
 */
final class ScalingPolicy {
    /** Below this many busy workers on average the steady need counts as none, so that a group may go to zero. */
    private static final double NEGLIGIBLE = 0.1;

    private ScalingPolicy() {}

    /** Which rule decided. */
    enum Rule {
        /** As many as are needed are there. */
        STEADY,
        /** More are needed and are started. */
        GROW,
        /** More are needed, but some were started a moment ago. */
        GROW_LATER,
        /** More would be needed than the group may have. */
        AT_MOST,
        /** Fewer are needed, but not for long enough. */
        SHRINK_LATER,
        /** Fewer are needed and some leave. */
        SHRINK,
        /** The group's row asks for more or fewer. */
        BOUNDS,
        /** The group is paused. */
        PAUSED,
    }

    /**
     * What is remembered of a group from one answer to the next.
     *
     * @param wanted the last answer
     * @param grew when it last grew
     * @param changed when it last changed
     * @param surplusSince since when fewer are needed; null when that is not so
     * @param surplusPeak the most that was needed since then
     */
    record Memory(
            int wanted,
            @Nullable Instant grew,
            @Nullable Instant changed,
            @Nullable Instant surplusSince,
            int surplusPeak) {
        /** Of a group that is looked at for the first time, or again after a restart. */
        static Memory of(int workers) {
            return new Memory(workers, null, null, null, 0);
        }

        private Memory grown(int workers, Instant now) {
            return new Memory(workers, now, now, null, 0);
        }

        private Memory same() {
            return new Memory(wanted, grew, changed, null, 0);
        }
    }

    /**
     * An answer.
     *
     * @param wanted workers that there should be
     * @param rule which rule decided
     * @param reason one sentence for people
     * @param memory to be handed in with the next question
     */
    record Answer(int wanted, Rule rule, String reason, Memory memory) {}

    static Answer workers(Load load, ResourceGroup group, Memory memory, Instant now) {
        int least = Math.max(0, group.getMinWorkers());
        int most = Math.max(least, group.getMaxWorkers());
        Pause pause = group.getPaused();
        if (pause != null) {
            return paused(pause, memory, most, now);
        }
        int goal = memory.wanted();
        if (goal < least || goal > most) {
            int wanted = Math.max(least, Math.min(most, goal));
            Memory next = wanted > goal ? memory.grown(wanted, now) : new Memory(wanted, memory.grew(), now, null, 0);
            return new Answer(wanted, Rule.BOUNDS, "the group has from " + least + " to " + most + " workers", next);
        }
        long need = need(load, group, goal);
        if (need > goal) {
            return grow(load, group, memory, now, need, most);
        }
        long kept = Math.max(least, Math.min(most, keep(load, group)));
        if (kept < goal) {
            return shrink(load, group, memory, now, (int) kept);
        }
        return new Answer(goal, Rule.STEADY, work(load) + ": " + are(goal, "worker") + " enough", memory.same());
    }

    private static Answer paused(Pause pause, Memory memory, int most, Instant now) {
        int wanted = pause.getWorkersLeave() ? 0 : Math.min(most, memory.wanted());
        String reason = "paused by " + pause.getBy()
                + (pause.getReason().isEmpty() ? "" : " (" + pause.getReason() + ")")
                + (pause.getWorkersLeave() ? ": its workers leave" : ": its workers wait");
        Instant changed = wanted == memory.wanted() ? memory.changed() : now;
        return new Answer(wanted, Rule.PAUSED, reason, new Memory(wanted, memory.grew(), changed, null, 0));
    }

    private static Answer grow(Load load, ResourceGroup group, Memory memory, Instant now, long need, int most) {
        int goal = memory.wanted();
        int wanted = (int) Math.min(most, need);
        if (wanted == goal) {
            return new Answer(
                    goal,
                    Rule.AT_MOST,
                    work(load) + ": " + count(need, "worker") + " would be needed and the group has at most " + most,
                    memory.same());
        }
        Duration cooldown = Duration.ofMillis(group.getScaleUpCooldownMs());
        Instant grew = memory.grew();
        if (goal > 0 && grew != null && now.isBefore(grew.plus(cooldown))) {
            return new Answer(
                    goal,
                    Rule.GROW_LATER,
                    work(load) + ": " + are(wanted, "worker") + " needed; some were started less than " + text(cooldown)
                            + " ago",
                    memory.same());
        }
        return new Answer(
                wanted,
                Rule.GROW,
                work(load) + ": " + count(wanted, "worker") + " can begin every job within "
                        + text(Duration.ofMillis(group.getTargetWaitMs()))
                        + (need > wanted ? " as far as at most " + most + " can" : ""),
                memory.grown(wanted, now));
    }

    private static Answer shrink(Load load, ResourceGroup group, Memory memory, Instant now, int kept) {
        int goal = memory.wanted();
        Instant since = memory.surplusSince() == null ? now : memory.surplusSince();
        int peak = Math.max(kept, memory.surplusSince() == null ? 0 : memory.surplusPeak());
        Duration cooldown = Duration.ofMillis(group.getScaleDownCooldownMs());
        Instant from = memory.changed() != null && memory.changed().isAfter(since) ? memory.changed() : since;
        if (now.isBefore(from.plus(cooldown))) {
            return new Answer(
                    goal,
                    Rule.SHRINK_LATER,
                    work(load) + ": " + count(kept, "worker") + " would do; the others stay for " + text(cooldown)
                            + " in case they are needed again",
                    new Memory(goal, memory.grew(), memory.changed(), since, peak));
        }
        if (peak >= goal) {
            return new Answer(
                    goal, Rule.STEADY, work(load) + ": " + count(goal, "worker") + " had work lately", memory.same());
        }
        return new Answer(
                peak,
                Rule.SHRINK,
                work(load) + ": for " + text(cooldown) + " never more than " + count(peak, "worker") + " had work",
                new Memory(peak, memory.grew(), now, null, 0));
    }

    /** Workers that let every waiting job begin in time; not more than there are jobs. */
    private static long need(Load load, ResourceGroup group, int goal) {
        if (load.queued() == 0) {
            return load.running();
        }
        long need = backlog(load, group);
        if (load.oldestWait().toMillis() > group.getTargetWaitMs()) {
            // The estimate was wrong: jobs are longer than they used to be.
            need = Math.max(need, goal + Math.max(1, goal / 4));
        }
        return Math.min(need, load.queued() + load.running());
    }

    /** Workers that are worth keeping: those of the backlog, and those that are busy on average. */
    private static long keep(Load load, ResourceGroup group) {
        double busy = load.arrivalsPerSecond() * load.serviceSeconds();
        long steady = busy < NEGLIGIBLE ? 0 : (long) Math.ceil(busy);
        return Math.max(steady, load.queued() == 0 ? load.running() : backlog(load, group));
    }

    private static long backlog(Load load, ResourceGroup group) {
        double seconds = load.serviceSeconds();
        // A worker begins one job now, and the next each time that it ends one.
        double each = seconds <= 0 ? 1 : 1 + Math.floor(group.getTargetWaitMs() / 1000.0 / seconds);
        return load.running() + (long) Math.ceil(load.queued() / each);
    }

    private static String work(Load load) {
        if (load.queued() == 0) {
            return load.running() == 0 ? "no job waits or runs" : "no job waits, " + load.running() + " running";
        }
        return count(load.queued(), "job") + (load.queued() == 1 ? " waits, since " : " wait, the oldest since ")
                + text(load.oldestWait()) + ", " + load.running() + " running";
    }

    private static String count(long n, String what) {
        return n + " " + what + (n == 1 ? "" : "s");
    }

    private static String are(long n, String what) {
        return count(n, what) + (n == 1 ? " is" : " are");
    }

    private static String text(Duration duration) {
        double seconds = duration.toMillis() / 1000.0;
        return seconds < 10
                ? String.format(Locale.ROOT, "%.1f s", seconds)
                : seconds < 600 ? Math.round(seconds) + " s" : Math.round(seconds / 60) + " min";
    }
}
