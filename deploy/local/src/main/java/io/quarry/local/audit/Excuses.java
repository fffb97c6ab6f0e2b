package io.quarry.local.audit;

import io.quarry.local.audit.StartOrder.Late;
import java.sql.SQLException;
import java.util.Optional;

/**
 * Why a record may start late although the queue handed everything out in order. The order promised is that of handing out,
 * which no log shows; but the log shows who claimed what, and when:
 *
 * <ul>
 *   <li>the claim says that the record was handed out before: that worker died or gave it back;
 *   <li>the worker that claimed it claimed nothing behind it meanwhile, and at most one other record, and no lock lasts
 *       longer than that: it had the record all the time, and was paused, cut off, slow, or busy with the one before, for a
 *       fetch that was on its way when the one before arrived may bring a second record;
 *   <li>the leader of the queue changed meanwhile ({@link Leaders}): locks go with it, and nobody counts that delivery.
 * </ul>
 */
final class Excuses {
    /** The longest lock that a broker allows, and the time for a claim to be durable. */
    static final long LONGEST_HOLD_MS = 60_000 + StartOrder.CLAIM_LIMIT_MS;

    private final FactStore store;
    private final Leaders leaders;

    /**
     * What the log shows about the first claim of a record.
     *
     * @param logged when it was logged
     * @param worker hash of the worker's name
     * @param deliveries how often the record had been handed out
     */
    record FirstClaim(long logged, long worker, int deliveries) {}

    Excuses(FactStore store, Leaders leaders) {
        this.store = store;
        this.leaders = leaders;
    }

    /** Whether the log explains that a record of a queue started late. */
    boolean excused(String queue, Late late) throws SQLException {
        Optional<FirstClaim> found = store.firstClaim(queue, late.offset());
        if (found.isEmpty()) {
            return false;
        }
        FirstClaim claim = found.get();
        long since = store.overtakenSince(queue, late.offset(), late.made());
        return claim.deliveries() > 1
                || (claim.logged() - since <= LONGEST_HOLD_MS
                        && !store.wentOn(claim.worker(), queue, late.offset(), since, claim.logged()))
                || leaders.changed(queue, since, claim.logged());
    }
}
