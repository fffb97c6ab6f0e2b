package io.quarry.scheduler.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.CommandType;
import io.quarry.avro.JobState;
import io.quarry.avro.Outcome;
import io.quarry.avro.Owner;
import io.quarry.avro.Source;
import io.quarry.avro.State;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
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
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
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
    /** Most situations of one exploration; a property, since the largest ones want a heap of several GB. */
    private static final int MOST = Integer.getInteger("exploration.most", 500_000);

    private static final Instant LATE = Samples.job().getCompleteBy();

    /** Events that the lifecycle may be behind. */
    private static final int LAG = Integer.getInteger("exploration.lag", 3);

    private static final Pattern CLAIM = Pattern.compile("c\\d+\\.");

    interface Machine {
        Step next(@Nullable JobState row, Event event, Instant now);
    }

    private static Step real(@Nullable JobState row, Event event, Instant now) {
        return Samples.LIFECYCLE.next(row, event, new Lifecycle.Context(now, POLICY));
    }

    /** Budgets of crash, lost lease, record handed out twice or archived, duplicate, cancel, deadline. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "1 0 0 0 0 0",
                "0 1 0 0 0 0",
                "0 0 1 0 0 0",
                "0 0 0 1 0 0",
                "0 0 0 0 1 0",
                "0 0 0 0 0 1",
                "0 0 0 0 1 1"
            })
    void whateverGoesWrongThereIsOneResultAndAWayToTheEnd(String budget) {
        assertThat(explore(ExplorationTest::real, budget(budget))).isEqualTo("holds");
    }

    /** As the property exploration.budgets says, such as "1 1 0 0 0 0, 0 0 1 1 1 1": see the README. */
    @Test
    @EnabledIfSystemProperty(named = "exploration.budgets", matches = ".+")
    void whateverTheBudgetThereIsOneResultAndAWayToTheEnd() {
        for (String budget : System.getProperty("exploration.budgets").split(", *", -1)) {
            assertThat(explore(ExplorationTest::real, budget(budget)))
                    .as(budget)
                    .isEqualTo("holds");
        }
    }

    private static Budget budget(String numbers) {
        int[] n = Arrays.stream(numbers.split(" ", -1))
                .mapToInt(Integer::parseInt)
                .toArray();
        return new Budget(n[0], n[1], n[2], n[3], n[4], n[5]);
    }

    @Test
    void withoutPassedAJobWaitsForNobody() {
        Machine mutant = (row, event, now) ->
                event instanceof Event.Passed ? new Step(Step.Kind.SAME, row, List.of()) : real(row, event, now);
        assertThat(explore(mutant, new Budget(0, 0, 1, 0, 0, 0))).startsWith("no final state within reach");
    }

    @Test
    void ifALaterClaimCouldTakeOverTwoWouldOwnAnAttempt() {
        Machine mutant = (row, event, now) -> event instanceof Event.Claimed
                        && row != null
                        && row.getState() == State.RUNNING
                ? real(Rows.edit(row).setState(State.QUEUED).setOwner(null).build(), event, now)
                : real(row, event, now);
        assertThat(explore(mutant, new Budget(0, 0, 1, 0, 0, 0))).startsWith("two claims own");
    }

    @Test
    void ifTheLastFinishedWonThereWouldBeASecondResult() {
        Machine mutant = (row, event, now) -> event instanceof Event.Finished e
                        && row != null
                        && row.getState() == State.SUCCEEDED
                        && e.outcome() == Outcome.SUCCEEDED
                ? new Step(
                        Step.Kind.CHANGED,
                        Rows.edit(row)
                                .setOwner(new Owner(e.claim(), row.getAttempt(), "w", true, true, Samples.T0))
                                .build(),
                        List.of())
                : real(row, event, now);
        assertThat(explore(mutant, new Budget(0, 1, 0, 0, 0, 0))).startsWith("a second result");
    }

    // ---- the world

    /** How often each thing may still go wrong. */
    record Budget(int crash, int lease, int record, int duplicate, int cancel, int deadline) {}

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
        Map<Print, Integer> numbers = new HashMap<>();
        Edges edges = new Edges();
        BitSet finals = new BitSet();
        Deque<World> open = new ArrayDeque<>();
        numbers.put(Print.of(start.key()), 0);
        open.add(start);
        int from = 0;
        try {
            while (!open.isEmpty()) {
                World world = open.remove();
                for (Edge edge : new Moves(machine, world).all()) {
                    Print print = Print.of(edge.to.key());
                    Integer to = numbers.get(print);
                    if (to == null) {
                        to = numbers.size();
                        numbers.put(print, to);
                        if (edge.to.row != null && Lifecycle.isFinal(edge.to.row.getState())) {
                            finals.set(to);
                        }
                        open.add(edge.to);
                    }
                    if (!edge.fault) {
                        edges.add(from, to);
                    }
                }
                from++;
                if (numbers.size() > MOST) {
                    return "too many situations";
                }
            }
        } catch (Broken e) {
            return String.valueOf(e.getMessage());
        }
        if (Boolean.getBoolean("exploration.say")) {
            System.out.println("situations " + numbers.size() + " of " + budget);
        }
        int stuck = edges.cannotReach(finals, numbers.size());
        return stuck < 0 ? "holds" : "no final state within reach of " + find(machine, start, stuck);
    }

    /** The situation of a number: found by going the same way again, since keeping all of them would take gigabytes. */
    private static String find(Machine machine, World start, int number) {
        Set<Print> seen = new HashSet<>(Set.of(Print.of(start.key())));
        Deque<World> open = new ArrayDeque<>(List.of(start));
        String last = start.key();
        while (!open.isEmpty() && seen.size() <= number) {
            for (Edge edge : new Moves(machine, open.remove()).all()) {
                if (seen.size() <= number && seen.add(Print.of(edge.to.key()))) {
                    last = edge.to.key();
                    open.add(edge.to);
                }
            }
        }
        return last;
    }

    /** Stands for the text that it is the hash of: of ten million situations, two have the same one once in 10^24 explorations. */
    private record Print(long a, long b) {
        static Print of(String text) {
            long a = 0x9E3779B97F4A7C15L;
            long b = 0xC2B2AE3D27D4EB4FL;
            for (int i = 0; i < text.length(); i++) {
                a = Long.rotateLeft((a ^ text.charAt(i)) * 0xBF58476D1CE4E5B9L, 29);
                b = Long.rotateLeft((b + text.charAt(i)) * 0x94D049BB133111EBL, 37) ^ a;
            }
            return new Print(a, b);
        }
    }

    /** Moves that need no fault, as pairs of numbers. */
    private static final class Edges {
        private int[] pairs = new int[1 << 16];
        private int size;

        void add(int from, int to) {
            if (size + 2 > pairs.length) {
                pairs = Arrays.copyOf(pairs, pairs.length * 2);
            }
            pairs[size++] = from;
            pairs[size++] = to;
        }

        /** The first situation from which no final one can be reached; -1 when there is none. */
        int cannotReach(BitSet finals, int situations) {
            int[] first = new int[situations + 1];
            for (int i = 1; i < size; i += 2) {
                first[pairs[i] + 1]++;
            }
            for (int i = 0; i < situations; i++) {
                first[i + 1] += first[i];
            }
            int[] into = new int[size / 2];
            int[] next = first.clone();
            for (int i = 0; i < size; i += 2) {
                into[next[pairs[i + 1]]++] = pairs[i];
            }
            BitSet good = (BitSet) finals.clone();
            int[] open = new int[situations];
            int n = 0;
            for (int f = finals.nextSetBit(0); f >= 0; f = finals.nextSetBit(f + 1)) {
                open[n++] = f;
            }
            while (n > 0) {
                int to = open[--n];
                for (int i = first[to]; i < first[to + 1]; i++) {
                    if (!good.get(into[i])) {
                        good.set(into[i]);
                        open[n++] = into[i];
                    }
                }
            }
            int stuck = good.nextClearBit(0);
            return stuck < situations ? stuck : -1;
        }
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
            if (b.deadline > 0) {
                // From now on it is later than complete_by.
                add(
                        with(
                                w.log,
                                w.topics,
                                w.workers,
                                new Budget(b.crash, b.lease, b.record, b.duplicate, b.cancel, -1)),
                        true);
            }
            if (b.duplicate > 0) {
                List<List<Letter>> topics = topics();
                topics.get(0).add(new Letter(1, Lying.FREE));
                add(
                        with(
                                w.log,
                                topics,
                                w.workers,
                                new Budget(b.crash, b.lease, b.record, b.duplicate - 1, b.cancel, b.deadline)),
                        true);
            }
            if (b.cancel > 0) {
                add(
                        with(
                                plus(Samples.cancel()),
                                w.topics,
                                w.workers,
                                new Budget(b.crash, b.lease, b.record, b.duplicate, b.cancel - 1, b.deadline)),
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
            if ((row.getState() == State.RETRYING && !row.getEnqueued())
                    || (w.budget.deadline < 0 && !Lifecycle.isFinal(row.getState()))) {
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
                            new Budget(b.crash, b.lease - 1, b.record, b.duplicate, b.cancel, b.deadline),
                            true);
                }
            }
        }

        private void step(Event event, List<Event> rest, Budget budget, boolean fault) {
            Step step = machine.next(w.row, event, budget.deadline < 0 ? LATE : Samples.T0);
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
            Budget crashed = new Budget(b.crash - 1, b.lease, b.record, b.duplicate, b.cancel, b.deadline);
            Budget lost = new Budget(b.crash, b.lease, b.record - 1, b.duplicate, b.cancel, b.deadline);
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
