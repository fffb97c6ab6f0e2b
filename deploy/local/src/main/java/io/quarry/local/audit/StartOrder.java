package io.quarry.local.audit;

import java.util.ArrayList;
import java.util.List;

/**
 * Finds the records of one queue that were claimed later than their place allows. A record overtakes another when it lies
 * behind it and its claim stood in the log before the other's claim was even made: what happened at the same time has no
 * order. With W workers W-1 of them hold a record each while one is being claimed, so that many may overtake.
 *
 * <p>It is told of the claims in the order of time and keeps four bytes for each record of the queue.
 */
final class StartOrder {
    /** A claim is durable within this time after it was made, or given up: a worker's clock cannot say more. */
    static final long CLAIM_LIMIT_MS = 10_000;

    /** So many late records are kept. More have no excuse, and no reader. */
    static final int KEPT = 1_000;

    /**
     * First claim of a record.
     *
     * @param offset place in the queue
     * @param made when the claim was made, by the worker's clock
     * @param logged when it was appended, by the broker's
     */
    record Start(long offset, long made, long logged) {
        Start {
            made = Math.max(logged - CLAIM_LIMIT_MS, Math.min(made, logged));
        }
    }

    /**
     * A record that was overtaken.
     *
     * @param by how many overtook it
     * @param made when its claim was made
     */
    record Late(long offset, int by, long made) {}

    private final int mayOvertake;
    private final int[] tree;
    private final List<Late> late = new ArrayList<>();
    private int logged;
    private long count;

    /** For so many records. */
    StartOrder(int records, int mayOvertake) {
        this.mayOvertake = mayOvertake;
        this.tree = new int[records + 1];
    }

    /**
     * A claim was made. Of several steps of one millisecond those of claims that were made come first.
     *
     * @param place rank of the record among all that were claimed, by its offset, from 1
     */
    void made(int place, long offset, long at) {
        int by = logged - loggedUpTo(place);
        if (by > mayOvertake) {
            count++;
            if (late.size() < KEPT) {
                late.add(new Late(offset, by, at));
            }
        }
    }

    /** A claim stands in the log. */
    void logged(int place) {
        logged++;
        for (int i = place; i < tree.length; i += i & -i) {
            tree[i]++;
        }
    }

    private int loggedUpTo(int place) {
        int sum = 0;
        for (int i = place; i > 0; i -= i & -i) {
            sum += tree[i];
        }
        return sum;
    }

    /** The first records that more than the allowed number overtook, in the order in which their claims were made. */
    List<Late> late() {
        return List.copyOf(late);
    }

    /** How many there are in all. */
    long count() {
        return count;
    }
}
