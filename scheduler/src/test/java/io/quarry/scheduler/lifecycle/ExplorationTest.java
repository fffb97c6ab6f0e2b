package io.quarry.scheduler.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.CommandType;
import io.quarry.avro.JobState;
import io.quarry.avro.Outcome;
import io.quarry.avro.Owner;
import io.quarry.avro.Source;
import io.quarry.avro.State;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every course that one job can take with two workers, tried out over the real state machine: crashes, leases lost for no
 * reason, records handed out twice or archived, duplicates, cancels, an intake and a lifecycle that lag as they like. In each
 * of the situations reached: no result but one, no attempt that two claims own, no final state left, and a final state within
 * reach by nobody's fault or luck. Taking a rule out makes it fail.
 */
class ExplorationTest {
    private static final RetryPolicy POLICY =
            new RetryPolicy(2, Duration.ofHours(1), Duration.ZERO, Duration.ZERO, true);
    private static final int MOST = 400_000;

    /** Events that the lifecycle may be behind. */
    private static final int LAG = 3;

    private static final Pattern CLAIM = Pattern.compile("c\\d+\\.");

    interface Machine {
        Step next(@Nullable JobState row, Event event);
    }

    private static Step real(@Nullable JobState row, Event event) {
        return Samples.LIFECYCLE.next(row, event, new Lifecycle.Context(Samples.T0, POLICY));
    }

    @ParameterizedTest
    @ValueSource(strings = {"crash", "lost lease", "record handed out twice or archived", "duplicate", "cancel"})
    void whateverGoesWrongThereIsOneResultAndAWayToTheEnd(String what) {
        Budget budget = switch (what) {
            case "crash" -> new Budget(1, 0, 0, 0, 0);
            case "lost lease" -> new Budget(0, 1, 0, 0, 0);
            case "duplicate" -> new Budget(0, 0, 0, 1, 0);
            case "cancel" -> new Budget(0, 0, 0, 0, 1);
            default -> new Budget(0, 0, 1, 0, 0);
        };
        assertThat(explore(ExplorationTest::real, budget)).isEqualTo("holds");
    }

    @Test
    void withoutPassedAJobWaitsForNobody() {
        Machine mutant = (row, event) ->
                event instanceof Event.Passed ? new Step(Step.Kind.SAME, row, List.of()) : real(row, event);
        assertThat(explore(mutant, new Budget(0, 0, 1, 0, 0))).startsWith("no final state within reach");
    }

    @Test
    void ifALaterClaimCouldTakeOverTwoWouldOwnAnAttempt() {
        Machine mutant = (row, event) -> event instanceof Event.Claimed
                        && row != null
                        && row.getState() == State.RUNNING
                ? real(Rows.edit(row).setState(State.QUEUED).setOwner(null).build(), event)
                : real(row, event);
        assertThat(explore(mutant, new Budget(0, 0, 1, 0, 0))).startsWith("two claims own");
    }

    @Test
    void ifTheLastFinishedWonThereWouldBeASecondResult() {
        Machine mutant = (row, event) -> event instanceof Event.Finished e
                        && row != null
                        && row.getState() == State.SUCCEEDED
                        && e.outcome() == Outcome.SUCCEEDED
                ? new Step(
                        Step.Kind.CHANGED,
                        Rows.edit(row)
                                .setOwner(new Owner(e.claim(), row.getAttempt(), "w", true, true, Samples.T0))
                                .build(),
                        List.of())
                : real(row, event);
        assertThat(explore(mutant, new Budget(0, 1, 0, 0, 0))).startsWith("a second result");
    }

    // ---- the world

    /** How often each thing may still go wrong. */
    record Budget(int crash, int lease, int record, int duplicate, int cancel) {}

    enum Lying {
        FREE,
        HELD,
        GONE
    }

    record Letter(int attempt, Lying lying) {}

    enum Phase {
        IDLE,
        HOLDS,
        CLAIMED,
        RUNS
    }

    /** A worker; topic 0 is the queue, 1 the retries. */
    record Worker(Phase phase, int topic, int offset, String claim, boolean beat) {
        static final Worker IDLE = new Worker(Phase.IDLE, 0, 0, "", false);
    }

    record World(
            @Nullable JobState row,
            List<Event> log,
            List<List<Letter>> topics,
            List<Integer> read,
            List<Worker> workers,
            Map<Integer, String> owners,
            Set<String> fenced,
            int claims,
            Budget budget) {
        String key() {
            StringBuilder key = new StringBuilder();
            if (row != null) {
                key.append(row.getState()).append(row.getAttempt()).append('/').append(row.getHighestAttempt());
                key.append(' ')
                        .append(row.getCharged())
                        .append(owner(row.getOwner()))
                        .append(owner(row.getLostOwner()));
                key.append(source(row.getSource())).append(row.getEnqueued()).append(row.getRequeues());
                key.append(row.getNeverStarted()).append(row.getSubmittedSource() == null);
            }
            for (Event event : log) {
                key.append('|').append(name(event));
            }
            key.append(topics).append(read);
            // Workers are alike, and so are claims: which is called what makes no difference.
            workers.stream().map(Worker::toString).sorted().forEach(key::append);
            return renamed(key.append(owners).append(fenced).append(budget).toString());
        }

        private static String renamed(String key) {
            Map<String, String> names = new HashMap<>();
            Matcher claim = CLAIM.matcher(key);
            return claim.replaceAll(found -> names.computeIfAbsent(found.group(), n -> "k" + names.size()));
        }

        private static String owner(@Nullable Owner owner) {
            return owner == null ? "-" : owner.getClaim() + owner.getAttempt() + owner.getStarted();
        }

        private static String source(@Nullable Source source) {
            return source == null ? "-" : source.getTopic().charAt(7) + "" + source.getOffset();
        }

        private static String name(Event event) {
            if (event instanceof Event.Submitted e) {
                return "S" + e.source().getOffset();
            } else if (event instanceof Event.Claimed e) {
                return "C" + e.claim() + e.attempt();
            } else if (event instanceof Event.Finished e) {
                return "F" + e.claim() + e.outcome();
            }
            return event.toString();
        }
    }

    private record Edge(World to, boolean fault) {}

    private static final class Broken extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Broken(String what) {
            super(what);
        }
    }

    private static String explore(Machine machine, Budget budget) {
        World start = new World(
                null,
                List.of(),
                List.of(List.of(new Letter(1, Lying.FREE)), List.of()),
                List.of(0, 0),
                List.of(Worker.IDLE, Worker.IDLE),
                Map.of(),
                Set.of(),
                0,
                budget);
        Map<String, Integer> numbers = new HashMap<>();
        List<int[]> back = new ArrayList<>();
        List<Boolean> finals = new ArrayList<>();
        List<String> keys = new ArrayList<>();
        Deque<World> open = new ArrayDeque<>();
        numbers.put(start.key(), 0);
        finals.add(false);
        keys.add(start.key());
        open.add(start);
        try {
            while (!open.isEmpty()) {
                World world = open.remove();
                int from = Objects.requireNonNull(numbers.get(world.key()));
                for (Edge edge : new Moves(machine, world).all()) {
                    String key = edge.to.key();
                    Integer to = numbers.get(key);
                    if (to == null) {
                        to = numbers.size();
                        numbers.put(key, to);
                        finals.add(edge.to.row != null && Lifecycle.isFinal(edge.to.row.getState()));
                        keys.add(key);
                        open.add(edge.to);
                    }
                    if (!edge.fault) {
                        back.add(new int[] {to, from});
                    }
                }
                if (numbers.size() > MOST) {
                    return "too many situations";
                }
            }
        } catch (Broken e) {
            return String.valueOf(e.getMessage());
        }
        return reach(back, finals, keys);
    }

    /** Walks back from the final situations along the moves that need no fault. */
    private static String reach(List<int[]> back, List<Boolean> finals, List<String> keys) {
        Map<Integer, List<Integer>> into = new HashMap<>();
        back.forEach(
                edge -> into.computeIfAbsent(edge[0], k -> new ArrayList<>()).add(edge[1]));
        Set<Integer> good = new HashSet<>();
        Deque<Integer> open = new ArrayDeque<>();
        for (int i = 0; i < finals.size(); i++) {
            if (finals.get(i)) {
                good.add(i);
                open.add(i);
            }
        }
        while (!open.isEmpty()) {
            for (int from : into.getOrDefault(open.remove(), List.of())) {
                if (good.add(from)) {
                    open.add(from);
                }
            }
        }
        for (int i = 0; i < keys.size(); i++) {
            if (!good.contains(i)) {
                return "no final state within reach of " + keys.get(i);
            }
        }
        return "holds";
    }

    /** All that may happen next. */
    private static final class Moves {
        private static final List<String> NAMES = List.of(Samples.JOBS, Samples.RETRIES);

        private final Machine machine;
        private final World w;
        private final List<Edge> edges = new ArrayList<>();

        Moves(Machine machine, World world) {
            this.machine = machine;
            this.w = world;
        }

        List<Edge> all() {
            lifecycle();
            intake();
            for (int i = 0; i < w.workers.size(); i++) {
                worker(i, w.workers.get(i));
            }
            Budget b = w.budget;
            if (b.duplicate > 0) {
                List<List<Letter>> topics = topics();
                topics.get(0).add(new Letter(1, Lying.FREE));
                add(
                        with(
                                w.log,
                                topics,
                                w.workers,
                                new Budget(b.crash, b.lease, b.record, b.duplicate - 1, b.cancel)),
                        true);
            }
            if (b.cancel > 0) {
                add(
                        with(
                                plus(Samples.cancel()),
                                w.topics,
                                w.workers,
                                new Budget(b.crash, b.lease, b.record, b.duplicate, b.cancel - 1)),
                        true);
            }
            return edges;
        }

        private void lifecycle() {
            if (!w.log.isEmpty()) {
                step(w.log.get(0), w.log.subList(1, w.log.size()), w.budget, false);
            }
            JobState row = w.row;
            if (row == null) {
                return;
            }
            if (row.getState() == State.RETRYING && !row.getEnqueued()) {
                step(new Event.Due(), w.log, w.budget, false);
            }
            if (row.getState() == State.RUNNING) {
                String claim = row.getOwner().getClaim();
                boolean alive = w.workers.stream().anyMatch(x -> x.claim.equals(claim))
                        || w.log.stream().anyMatch(e -> World.name(e).contains(claim));
                Budget b = w.budget;
                if (!alive) {
                    step(new Event.LeaseOut(claim), w.log, b, false);
                } else if (b.lease > 0) {
                    step(
                            new Event.LeaseOut(claim),
                            w.log,
                            new Budget(b.crash, b.lease - 1, b.record, b.duplicate, b.cancel),
                            true);
                }
            }
        }

        private void step(Event event, List<Event> rest, Budget budget, boolean fault) {
            Step step = machine.next(w.row, event);
            JobState before = w.row;
            JobState after = step.state();
            Map<Integer, String> owners = new TreeMap<>(w.owners);
            if (before != null && Lifecycle.isFinal(before.getState())) {
                if (after == null || after.getState() != before.getState()) {
                    throw new Broken("a final state was left by " + event);
                }
                if (!Objects.equals(after.getOwner(), before.getOwner())) {
                    throw new Broken("a second result by " + event);
                }
            }
            if (after != null && after.getOwner() != null) {
                Owner owner = after.getOwner();
                String other = owners.putIfAbsent(owner.getAttempt(), owner.getClaim());
                if (other != null && !other.equals(owner.getClaim())) {
                    throw new Broken("two claims own attempt " + owner.getAttempt());
                }
            }
            List<List<Letter>> topics = topics();
            Set<String> fenced = new TreeSet<>(w.fenced);
            for (Effect effect : step.effects()) {
                if (effect instanceof Effect.AppendRetry e) {
                    topics.get(1).add(new Letter(e.job().getAttempt(), Lying.FREE));
                } else if (effect instanceof Effect.Tell e && e.type() != CommandType.GRANT) {
                    fenced.add(e.claim());
                }
            }
            fenced.removeIf(claim -> w.workers.stream().noneMatch(x -> x.claim.equals(claim)));
            add(new World(after, rest, topics, w.read, w.workers, owners, fenced, w.claims, budget), fault);
        }

        private void intake() {
            for (int t = 0; t < 2; t++) {
                List<Letter> topic = w.topics.get(t);
                int position = w.read.get(t);
                if (position < topic.size()) {
                    Source source = new Source(NAMES.get(t), (long) position);
                    Event event = t == 0
                            ? new Event.Submitted(Samples.job(), source, false, null)
                            : new Event.Enqueued(topic.get(position).attempt, source);
                    List<Integer> read = new ArrayList<>(w.read);
                    read.set(t, position + 1);
                    add(
                            new World(
                                    w.row,
                                    plus(event),
                                    w.topics,
                                    read,
                                    w.workers,
                                    w.owners,
                                    w.fenced,
                                    w.claims,
                                    w.budget),
                            false);
                }
                int start = 0;
                while (start < topic.size() && topic.get(start).lying == Lying.GONE) {
                    start++;
                }
                Event passed = new Event.Passed(NAMES.get(t), Math.min(start, position));
                if (Math.min(start, position) > 0
                        && w.log.stream().noneMatch(e -> e instanceof Event.Passed)
                        && (!w.log.isEmpty() || (w.row != null && Lifecycle.waitsForItsRecord(w.row)))) {
                    add(with(plus(passed), w.topics, w.workers, w.budget), false);
                }
            }
        }

        private void worker(int i, Worker me) {
            Budget b = w.budget;
            Budget crashed = new Budget(b.crash - 1, b.lease, b.record, b.duplicate, b.cancel);
            Budget lost = new Budget(b.crash, b.lease, b.record - 1, b.duplicate, b.cancel);
            switch (me.phase) {
                case IDLE -> {
                    for (int t = 0; t < 2; t++) {
                        int free = first(t);
                        if (free >= 0) {
                            add(
                                    with(
                                            w.log,
                                            lying(t, free, Lying.HELD),
                                            me(i, new Worker(Phase.HOLDS, t, free, "", false)),
                                            b),
                                    false);
                            if (b.record > 0 && i == 0) {
                                // The delivery limit is reached, or retention removes it.
                                add(with(w.log, lying(t, free, Lying.GONE), w.workers, lost), true);
                            }
                        }
                    }
                }
                case HOLDS -> {
                    int attempt = w.topics.get(me.topic).get(me.offset).attempt;
                    String claim = "c" + w.claims + ".";
                    Event.Claimed event = Samples.claimed(claim, attempt, false);
                    World claimed = with(
                            plus(event),
                            w.topics,
                            me(i, new Worker(Phase.CLAIMED, me.topic, me.offset, claim, false)),
                            b);
                    add(counted(claimed), false);
                    if (b.crash > 0) {
                        add(with(w.log, freed(me), me(i, Worker.IDLE), crashed), true);
                        // A claim of unknown outcome: given up by its worker, logged all the same.
                        add(counted(with(plus(event), freed(me), me(i, Worker.IDLE), crashed)), true);
                    }
                    if (b.record > 0) {
                        add(with(w.log, freed(me), w.workers, lost), true);
                    }
                }
                case CLAIMED -> {
                    boolean held = w.topics.get(me.topic).get(me.offset).lying == Lying.HELD;
                    add(
                            with(
                                    w.log,
                                    held ? lying(me.topic, me.offset, Lying.GONE) : w.topics,
                                    me(i, new Worker(Phase.RUNS, 0, 0, me.claim, false)),
                                    b),
                            false);
                    if (b.crash > 0) {
                        add(with(w.log, freed(me), me(i, Worker.IDLE), crashed), true);
                    }
                    if (b.record > 0 && held) {
                        add(with(w.log, freed(me), w.workers, lost), true);
                    }
                }
                case RUNS -> {
                    Event beat = new Event.Heartbeat(me.claim, true, null);
                    if (w.log.stream().noneMatch(e -> e instanceof Event.Heartbeat) && tells(me.claim)) {
                        add(with(plus(beat), w.topics, w.workers, b), false);
                    }
                    add(
                            with(plus(Samples.finished(me.claim, Outcome.SUCCEEDED)), w.topics, me(i, Worker.IDLE), b),
                            false);
                    add(
                            with(plus(Samples.finished(me.claim, Outcome.RETRIABLE)), w.topics, me(i, Worker.IDLE), b),
                            false);
                    if (w.fenced.contains(me.claim)) {
                        add(with(w.log, w.topics, me(i, Worker.IDLE), b), false);
                    }
                    if (b.crash > 0) {
                        add(with(w.log, w.topics, me(i, Worker.IDLE), crashed), true);
                        add(
                                with(
                                        plus(new Event.WorkerDied(me.claim, Samples.KILLED)),
                                        w.topics,
                                        me(i, Worker.IDLE),
                                        crashed),
                                true);
                    }
                }
            }
        }

        /** Whether a heartbeat could change anything: the others are left out, so that there is less to explore. */
        private boolean tells(String claim) {
            Owner owner = w.row == null ? null : w.row.getOwner();
            return owner == null || !owner.getClaim().equals(claim) || !owner.getStarted();
        }

        private int first(int topic) {
            List<Letter> letters = w.topics.get(topic);
            for (int i = 0; i < letters.size(); i++) {
                if (letters.get(i).lying == Lying.FREE) {
                    return i;
                }
            }
            return -1;
        }

        private List<List<Letter>> freed(Worker me) {
            return w.topics.get(me.topic).get(me.offset).lying == Lying.HELD
                    ? lying(me.topic, me.offset, Lying.FREE)
                    : w.topics;
        }

        private List<List<Letter>> lying(int topic, int offset, Lying lying) {
            List<List<Letter>> topics = topics();
            topics.get(topic).set(offset, new Letter(topics.get(topic).get(offset).attempt, lying));
            return topics;
        }

        private List<List<Letter>> topics() {
            return List.of(new ArrayList<>(w.topics.get(0)), new ArrayList<>(w.topics.get(1)));
        }

        private List<Worker> me(int i, Worker worker) {
            List<Worker> workers = new ArrayList<>(w.workers);
            workers.set(i, worker);
            return workers;
        }

        private List<Event> plus(Event event) {
            List<Event> log = new ArrayList<>(w.log);
            log.add(event);
            return log;
        }

        private World with(List<Event> log, List<List<Letter>> topics, List<Worker> workers, Budget budget) {
            return new World(w.row, log, topics, w.read, workers, w.owners, w.fenced, w.claims, budget);
        }

        private static World counted(World x) {
            return new World(x.row, x.log, x.topics, x.read, x.workers, x.owners, x.fenced, x.claims + 1, x.budget);
        }

        private void add(World world, boolean fault) {
            if (world.log.size() > LAG) {
                return;
            }
            edges.add(new Edge(world, fault));
        }
    }
}
