package io.quarry.local.audit;

import io.quarry.avro.State;
import io.quarry.local.audit.Finding.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Everything the topics say about one job, and the judgement on it. What the lifecycle decided (rows, grants, dead jobs) is
 * held against the events by rules that are written here anew. Takes the facts in the order of {@link Fact.Kind}.
 */
final class Trail {
    /**
     * What is known about the log as a whole.
     *
     * @param complete whether every job has to be final
     * @param quiet whether nothing but ticks came for a while
     * @param whole whether nothing was removed from the topics yet, so that a record that is not there was never there
     * @param wholeDead the same of the topic of dead jobs
     */
    record Context(
            CountedTicks ticks, int leaseTicks, boolean complete, boolean quiet, boolean whole, boolean wholeDead) {}

    /** What became of a claim, by the events alone. */
    private static final class Claim {
        private final int attempt;
        private final long claimed;
        private final TreeSet<Long> signs = new TreeSet<>();
        private long finished = Long.MAX_VALUE;
        private long succeeded = Long.MAX_VALUE;
        private long died = Long.MAX_VALUE;

        private Claim(int attempt, long claimed) {
            this.attempt = attempt;
            this.claimed = claimed;
            signs.add(claimed);
        }
    }

    /** Our own copy, so that what decides and what audits share no mistake. */
    private static final Set<State> FINAL = Set.of(State.SUCCEEDED, State.FAILED, State.CANCELLED, State.EXPIRED);

    private final String job;
    private final Map<Long, Claim> claims = new LinkedHashMap<>();
    private final Map<Long, Integer> accepted = new LinkedHashMap<>();
    private final Set<Long> published = new LinkedHashSet<>();
    private final List<String> afterFinal = new ArrayList<>();
    private int partition;
    private int records;
    private boolean appended;
    private boolean dead;
    private boolean known;
    private boolean forgotten;
    private long result = Long.MAX_VALUE;
    private @Nullable State state;
    private long finalClaim;

    Trail(String job) {
        this.job = job;
    }

    void add(Fact fact) {
        switch (fact.kind()) {
            case APPENDED -> {
                appended = true;
                records++;
            }
            case SUBMITTED -> appended = true;
            case CLAIMED -> {
                appended = true;
                partition = fact.partition();
                claims.computeIfAbsent(fact.claim(), c -> new Claim(fact.attempt(), fact.offset()));
            }
            case HEARTBEAT, FINISHED, DIED -> event(fact);
            case GRANT -> {
                Claim claim = claims.get(fact.claim());
                accepted.putIfAbsent(fact.claim(), claim == null ? 0 : claim.attempt);
            }
            case ROW -> row(fact, fact.state());
            case TOMBSTONE -> {
                forgotten = true;
                known = true;
                state = null;
            }
            case DEAD -> dead = true;
        }
    }

    private void event(Fact fact) {
        partition = fact.partition();
        Claim claim = claims.get(fact.claim());
        if (claim == null) {
            return;
        }
        switch (fact.kind()) {
            case HEARTBEAT -> claim.signs.add(fact.offset());
            case FINISHED -> {
                claim.finished = Math.min(claim.finished, fact.offset());
                if (fact.code() == 1) {
                    claim.succeeded = Math.min(claim.succeeded, fact.offset());
                }
            }
            default -> claim.died = Math.min(claim.died, fact.offset());
        }
    }

    private void row(Fact fact, State next) {
        known = true;
        forgotten = false;
        if (fact.claim() != 0 && (next == State.RUNNING || next == State.SUCCEEDED)) {
            accepted.putIfAbsent(fact.claim(), fact.attempt());
        }
        if (next == State.SUCCEEDED) {
            published.add(fact.claim());
        }
        if (state != null && FINAL.contains(state) && (next != state || fact.claim() != finalClaim)) {
            afterFinal.add("was " + state + " and became " + next + (next == state ? " with another claim" : ""));
        }
        if (next == State.SUCCEEDED && claims.containsKey(fact.claim())) {
            result = claims.get(fact.claim()).succeeded;
        }
        state = next;
        finalClaim = fact.claim();
    }

    /** Judges the job and adds it to the tally. */
    void judge(Context context, Tally tally) {
        if (!appended) {
            if (known && context.whole() && state != State.CANCELLED && !forgotten) {
                tally.findings().add(Kind.UNEXPLAINED, job, "has a row but was never appended");
            }
            return;
        }
        tally.job(records, Math.max(0, accepted.size() - 1), late());
        end(context, tally);
        if (published.size() > 1) {
            tally.findings().add(Kind.DOUBLED, job, published.size() + " results were made visible");
        }
        afterFinal.forEach(what -> tally.findings().add(Kind.AFTER_FINAL, job, what));
        owners(context, tally.findings());
        if (state == State.SUCCEEDED && context.whole() && result == Long.MAX_VALUE) {
            tally.findings().add(Kind.UNEXPLAINED, job, "succeeded, but its owner never reported a success");
        }
        if (state == State.FAILED && context.wholeDead() && !dead) {
            tally.findings().add(Kind.DEAD_LETTER_MISSING, job, "failed and is not on the topic of dead jobs");
        }
    }

    private void end(Context context, Tally tally) {
        if (state != null && FINAL.contains(state)) {
            tally.end(state);
        } else if (forgotten) {
            tally.forgotten();
        } else if (state == null ? context.complete() || context.quiet() : context.complete()) {
            tally.findings()
                    .add(Kind.LOST, job, state == null ? "was appended and has no row" : "is " + state + " for ever");
        } else if (state == State.RUNNING && context.quiet()) {
            tally.findings().add(Kind.LOST, job, "is RUNNING and no lease ends it");
        } else {
            tally.open();
        }
    }

    private void owners(Context context, Findings findings) {
        List<Map.Entry<Long, Integer>> inOrder = new ArrayList<>(accepted.entrySet());
        inOrder.sort(Comparator.comparingLong(entry -> {
            Claim claim = claims.get(entry.getKey());
            return claim == null ? -1 : claim.claimed;
        }));
        Map<Integer, Long> ofAttempt = new LinkedHashMap<>();
        @Nullable Claim before = null;
        for (Map.Entry<Long, Integer> entry : inOrder) {
            Claim claim = claims.get(entry.getKey());
            if (claim == null) {
                if (context.whole()) {
                    findings.add(Kind.UNEXPLAINED, job, "has an owner that never claimed it");
                }
                continue;
            }
            Long other = ofAttempt.putIfAbsent(claim.attempt, entry.getKey());
            if (other != null) {
                findings.add(Kind.DOUBLED, job, "two claims were accepted for attempt " + claim.attempt);
            }
            if (before != null) {
                successor(context, before, claim, findings);
            }
            before = claim;
        }
    }

    /** A claim may be accepted when the owner before it had ended, was seen dead, or was silent for a whole lease. */
    private void successor(Context context, Claim owner, Claim next, Findings findings) {
        if (owner.succeeded < next.claimed && owner.died > owner.succeeded) {
            findings.add(
                    Kind.AFTER_FINAL,
                    job,
                    "attempt " + next.attempt + " was accepted after " + owner.attempt + " succeeded");
            return;
        }
        if (owner.finished < next.claimed || owner.died < next.claimed) {
            return;
        }
        Long sign = owner.signs.lower(next.claimed);
        int silent = sign == null ? Integer.MAX_VALUE : context.ticks().between(partition, sign, next.claimed);
        // The tick that a heartbeat arrived with may count on either side.
        if (silent < context.leaseTicks() - 1) {
            findings.add(
                    Kind.OVERLAP,
                    job,
                    "attempt " + next.attempt + " was accepted " + silent + " ticks after the last sign of attempt "
                            + owner.attempt + ", which had not ended; a lease has " + context.leaseTicks());
        }
    }

    private long late() {
        long late = 0;
        for (Claim claim : claims.values()) {
            late += claim.signs.tailSet(result, false).size();
        }
        return late;
    }
}
