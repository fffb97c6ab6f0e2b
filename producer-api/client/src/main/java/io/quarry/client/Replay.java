package io.quarry.client;

import io.quarry.avro.Job;
import io.quarry.avro.State;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A range of a job topic that is to be submitted again: {@link QuarryClient#replay}. Put together by one thread.
 *
 * <p>Setting back the offsets of the workers' share group replays nothing: the workers would be handed the old records, and
 * every claim of a job that is done is fenced. A replay appends new records under new ids instead.
 */
public final class Replay {
    private final @Nullable String topic;
    private final @Nullable String group;
    private @Nullable Long fromOffset;
    private @Nullable Instant fromTime;
    private @Nullable Long toOffset;
    private @Nullable Instant toTime;
    private @Nullable String kind;
    private final Map<String, String> tags = new HashMap<>();
    private final Set<State> states = EnumSet.noneOf(State.class);
    private @Nullable String into;
    private @Nullable String id;
    private double perSecond;
    private boolean dryRun;

    private Replay(@Nullable String topic, @Nullable String group) {
        this.topic = topic;
        this.group = group;
    }

    /** Replays a topic by its full name: a group's queue, or the router topic of oversize jobs. */
    public static Replay ofTopic(String topic) {
        return new Replay(topic, null);
    }

    /** Replays a group's queue. Its oversize jobs are not there but in the router topic. */
    public static Replay ofGroup(String group) {
        return new Replay(null, group);
    }

    /** Begins with this offset; without a beginning, with the oldest record that is kept. */
    public Replay from(long offset) {
        fromOffset = offset;
        fromTime = null;
        return this;
    }

    /** Begins with the first record that was appended at this instant or later. */
    public Replay from(Instant time) {
        fromTime = time;
        fromOffset = null;
        return this;
    }

    /** Ends before this offset; without an end, and at most, before what is appended after the replay began. */
    public Replay to(long offset) {
        toOffset = offset;
        toTime = null;
        return this;
    }

    /** Ends before the first record that was appended at this instant or later. */
    public Replay to(Instant time) {
        toTime = time;
        toOffset = null;
        return this;
    }

    public Replay ofKind(String wanted) {
        kind = wanted;
        return this;
    }

    /** Only jobs with this label; of several, only jobs with all. */
    public Replay tagged(String key, String value) {
        tags.put(key, value);
        return this;
    }

    /**
     * Only jobs that are in one of these states when the replay begins; a job whose row is gone is in none. Without it jobs in
     * any state, cancelled ones too.
     */
    public Replay in(State... wanted) {
        states.addAll(Arrays.asList(wanted));
        return this;
    }

    /** Appends to this group's queue instead of each job's own. */
    public Replay into(String wanted) {
        into = wanted;
        return this;
    }

    /**
     * Name of the replay, by the rule of job ids; a fresh one unless set. Under the same name the same jobs are made, so that
     * a replay that stopped goes on where it was and one that is done does nothing.
     *
     * @throws IllegalArgumentException when it breaks the rule
     */
    public Replay withId(String wanted) {
        id = Repeats.runName("replay id", wanted);
        return this;
    }

    /**
     * Appends at most so many jobs a second, evenly; 0 for no limit.
     *
     * @throws IllegalArgumentException for a negative number
     */
    public Replay atMostPerSecond(double jobs) {
        if (!(jobs >= 0) || jobs > 1e9) {
            throw new IllegalArgumentException(
                    "rate is " + jobs + ": must be from 0, for no limit, to 1e9 jobs a second");
        }
        perSecond = jobs;
        return this;
    }

    /** Reads and decides, and appends nothing; tells the states of what it would append ({@link ReplayReport#byState}). */
    public Replay dryRun() {
        dryRun = true;
        return this;
    }

    @Nullable String topic() {
        return topic;
    }

    @Nullable String group() {
        return group;
    }

    @Nullable Long fromOffset() {
        return fromOffset;
    }

    @Nullable Instant fromTime() {
        return fromTime;
    }

    @Nullable Long toOffset() {
        return toOffset;
    }

    @Nullable Instant toTime() {
        return toTime;
    }

    Set<State> states() {
        return states;
    }

    @Nullable String into() {
        return into;
    }

    @Nullable String id() {
        return id;
    }

    double perSecond() {
        return perSecond;
    }

    boolean isDryRun() {
        return dryRun;
    }

    boolean wantsKind(Job job) {
        return kind == null || kind.equals(job.getKind());
    }

    boolean wantsTags(Job job) {
        return job.getTags().entrySet().containsAll(tags.entrySet());
    }
}
