package io.quarry.scheduler.lifecycle;

import io.quarry.avro.JobState;
import io.quarry.avro.State;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Goes through every course that one job can take with two workers and a budget of faults. A move that is no fault leaves the
 * budget as it is, and a fault makes it smaller: so the situations of one budget are gone through together, held against the
 * question whether a final state is within reach of each, and forgotten.
 */
final class Exploration {
    interface Machine {
        Step next(@Nullable JobState row, Event event, Instant now);
    }

    /** A promise was broken. */
    static final class Broken extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Broken(String what) {
            super(what);
        }
    }

    /** How often each thing may still go wrong; deadline is -1 once it is later than complete_by. */
    record Budget(int crash, int lease, int record, int duplicate, int cancel, int deadline) {
        private static final Comparator<Budget> MOST_FIRST =
                Comparator.comparingInt(Budget::left).reversed().thenComparing(Budget::toString);

        private int left() {
            return crash + lease + record + duplicate + cancel + deadline;
        }

        Budget crashed() {
            return new Budget(crash - 1, lease, record, duplicate, cancel, deadline);
        }

        Budget leaseLost() {
            return new Budget(crash, lease - 1, record, duplicate, cancel, deadline);
        }

        Budget recordLost() {
            return new Budget(crash, lease, record - 1, duplicate, cancel, deadline);
        }

        Budget duplicated() {
            return new Budget(crash, lease, record, duplicate - 1, cancel, deadline);
        }

        Budget cancelled() {
            return new Budget(crash, lease, record, duplicate, cancel - 1, deadline);
        }

        Budget late() {
            return new Budget(crash, lease, record, duplicate, cancel, -1);
        }
    }

    private final RowBook book;
    /** Events that the lifecycle may be behind. */
    private final int lag;

    private final long most;
    private final TreeMap<Budget, Situations> open = new TreeMap<>(Budget.MOST_FIRST);
    private final Situation from = new Situation();
    private final Situation to = new Situation();
    private Budget budget = new Budget(0, 0, 0, 0, 0, 0);
    private Situations here = new Situations();
    private int number;
    private long situations;
    private long moves;
    private final Map<State, Long> ends = new HashMap<>();

    Exploration(Machine machine, int lag, long most) {
        this.book = new RowBook(machine);
        this.lag = lag;
        this.most = most;
    }

    /** What was seen. */
    String figures() {
        return situations + " situations, " + moves + " moves, ends " + new TreeMap<>(ends);
    }

    /** "holds", or the promise that was broken and where. */
    String explore(Budget all) {
        try {
            Situation start = new Situation();
            start.post(0, 1);
            Situations first = new Situations();
            first.add(start.canonical(0, 0));
            open.put(all, first);
            while (!open.isEmpty()) {
                budget = open.firstKey();
                here = open.pollFirstEntry().getValue();
                for (number = 0; number < here.size(); number++) {
                    here.get(number, from);
                    if (book.isFinal(from.row)) {
                        here.isFinal(number);
                        ends.merge(book.stateOf(from.row), 1L, Long::sum);
                    } else {
                        moves();
                    }
                    if (situations + here.size() > most) {
                        return "too many situations";
                    }
                }
                situations += here.size();
                int stuck = here.cannotReachAFinalOne();
                if (stuck >= 0) {
                    here.get(stuck, from);
                    return "no final state within reach of " + from.text(book);
                }
            }
            return "holds";
        } catch (Broken e) {
            return e.getMessage() + " after " + from.text(book);
        }
    }

    private void moves() {
        lifecycle();
        for (int topic = 0; topic < 2; topic++) {
            intake(topic);
            int free = from.firstFree(topic);
            if (budget.record > 0 && free >= 0) {
                // The delivery limit is reached, or retention removes it.
                to.copy(from);
                to.lying[topic][free] = Situation.GONE;
                fault(budget.recordLost());
            }
        }
        worker(0);
        worker(1);
        if (budget.deadline > 0) {
            to.copy(from);
            fault(budget.late());
        }
        if (budget.duplicate > 0) {
            to.copy(from);
            to.post(0, 1);
            fault(budget.duplicated());
        }
        if (budget.cancel > 0 && from.logged < lag) {
            to.copy(from);
            to.say(Wording.of(Wording.CANCEL, 0));
            fault(budget.cancelled());
        }
    }

    private void lifecycle() {
        if (from.logged > 0) {
            to.copy(from);
            to.logged--;
            System.arraycopy(from.log, 1, to.log, 0, to.logged);
            step(from.log[0], null);
        }
        JobState row = book.row(from.row);
        if (row == null) {
            return;
        }
        if ((row.getState() == State.RETRYING && !row.getEnqueued()) || budget.deadline < 0) {
            to.copy(from);
            step(Wording.of(Wording.DUE, 0), null);
        }
        if (row.getState() == State.RUNNING) {
            boolean alive = from.alive(Situation.OWNER);
            if (!alive || budget.lease > 0) {
                to.copy(from);
                step(Wording.of(Wording.LEASE_OUT, Situation.OWNER), alive ? budget.leaseLost() : null);
            }
        }
    }

    private void step(int event, @Nullable Budget less) {
        RowBook.Turn turn = book.turn(from.row, event, budget.deadline < 0);
        to.row = turn.row();
        if (turn.owner() != 0) {
            int other = to.owners[turn.ownedAttempt()];
            if (other != 0 && other != turn.owner()) {
                throw new Broken("two claims own attempt " + turn.ownedAttempt());
            }
            to.owners[turn.ownedAttempt()] = turn.owner();
        }
        for (int attempt : turn.appended()) {
            to.post(1, attempt);
        }
        for (int claim : turn.fenced()) {
            for (int i = 0; i < 2; i++) {
                if (to.claim[i] == claim) {
                    to.fenced[i] = 1;
                }
            }
        }
        arrive(turn.owner(), turn.lostOwner(), less);
    }

    private void intake(int topic) {
        int position = from.read[topic];
        if (from.logged >= lag) {
            return;
        }
        if (position < from.letters[topic]) {
            to.copy(from);
            to.read[topic]++;
            to.say(Wording.event(
                    topic == 0 ? Wording.SUBMITTED : Wording.ENQUEUED,
                    0,
                    from.attempts[topic][position],
                    topic,
                    position));
            go();
        }
        int passed = 0;
        while (passed < position && from.lying[topic][passed] == Situation.GONE) {
            passed++;
        }
        JobState row = book.row(from.row);
        boolean matters = from.logged > 0 || (row != null && Lifecycle.waitsForItsRecord(row));
        if (passed > 0 && matters && !from.logs(Wording.PASSED)) {
            to.copy(from);
            to.say(Wording.event(Wording.PASSED, 0, 0, topic, passed));
            go();
        }
    }

    private void worker(int i) {
        switch (from.phase[i]) {
            case Situation.IDLE -> acquire(i);
            case Situation.HOLDS -> claim(i);
            case Situation.CLAIMED -> accept(i);
            default -> run(i);
        }
    }

    private void acquire(int i) {
        for (int topic = 0; topic < 2; topic++) {
            int free = from.firstFree(topic);
            if (free >= 0) {
                to.copy(from);
                to.lying[topic][free] = Situation.HELD;
                to.phase[i] = Situation.HOLDS;
                to.topic[i] = topic;
                to.offset[i] = free;
                go();
            }
        }
    }

    private void claim(int i) {
        int attempt = from.attempts[from.topic[i]][from.offset[i]];
        int event = Wording.event(Wording.CLAIM, Situation.FRESH, attempt, from.topic[i], from.offset[i]);
        if (from.logged < lag) {
            to.copy(from);
            to.say(event);
            to.phase[i] = Situation.CLAIMED;
            to.claim[i] = Situation.FRESH;
            go();
            if (budget.crash > 0) {
                // A claim of unknown outcome: given up by its worker, logged all the same.
                to.copy(from);
                to.say(event);
                to.free(i);
                to.idle(i);
                fault(budget.crashed());
            }
        }
        dieHolding(i);
    }

    private void accept(int i) {
        to.copy(from);
        int[] lying = to.lying[from.topic[i]];
        if (lying[from.offset[i]] == Situation.HELD) {
            lying[from.offset[i]] = Situation.GONE;
        }
        to.phase[i] = Situation.RUNS;
        to.topic[i] = 0;
        to.offset[i] = 0;
        go();
        dieHolding(i);
    }

    private void dieHolding(int i) {
        if (budget.crash > 0) {
            to.copy(from);
            to.free(i);
            to.idle(i);
            fault(budget.crashed());
        }
        if (budget.record > 0 && from.lying[from.topic[i]][from.offset[i]] == Situation.HELD) {
            // The lock expires: the record is handed out a second time.
            to.copy(from);
            to.free(i);
            fault(budget.recordLost());
        }
    }

    private void run(int i) {
        int claim = from.claim[i];
        if (from.logged < lag) {
            if (!from.logs(Wording.BEAT) && tells(claim)) {
                to.copy(from);
                to.say(Wording.of(Wording.BEAT, claim));
                go();
            }
            leave(i, Wording.DONE, null);
            leave(i, Wording.FAILED, null);
            if (budget.crash > 0) {
                leave(i, Wording.DIED, budget.crashed());
            }
        }
        if (from.fenced[i] != 0) {
            to.copy(from);
            to.idle(i);
            go();
        }
        if (budget.crash > 0) {
            to.copy(from);
            to.idle(i);
            fault(budget.crashed());
        }
    }

    private void leave(int i, int saying, @Nullable Budget less) {
        to.copy(from);
        to.say(Wording.of(saying, from.claim[i]));
        to.idle(i);
        arriveAsNamed(less);
    }

    /** Whether a heartbeat could change anything: the others are left out, so that there is less to explore. */
    private boolean tells(int claim) {
        JobState row = book.row(from.row);
        return row == null
                || row.getOwner() == null
                || claim != Situation.OWNER
                || !row.getOwner().getStarted();
    }

    private void go() {
        arriveAsNamed(null);
    }

    private void fault(Budget less) {
        arriveAsNamed(less);
    }

    private void arriveAsNamed(@Nullable Budget less) {
        JobState row = book.row(to.row);
        arrive(
                row == null || row.getOwner() == null ? 0 : Situation.OWNER,
                row == null || row.getLostOwner() == null ? 0 : Situation.LOST_OWNER,
                less);
    }

    private void arrive(int owner, int lostOwner, @Nullable Budget less) {
        moves++;
        if (!book.waitsInRetries(to.row)) {
            to.forgetOldRetries();
        }
        long[] there = to.canonical(owner, lostOwner);
        if (less == null) {
            here.move(number, here.add(there));
        } else {
            open.computeIfAbsent(less, b -> new Situations()).add(there);
        }
    }
}
