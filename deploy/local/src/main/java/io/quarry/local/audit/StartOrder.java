package io.quarry.local.audit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Finds the records of one queue that were claimed later than their place allows. A record overtakes another when it lies
 * behind it and its claim stood in the log before the other's claim was even made: what happened at the same time has no
 * order. With W workers W-1 of them hold a record each while one is being claimed, so that many may overtake.
 */
final class StartOrder {
    /** A claim is durable within this time after it was made, or given up: a worker's clock cannot say more. */
    static final long CLAIM_LIMIT_MS = 10_000;

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
     * @param since when the first of them was claimed
     */
    record Late(long offset, int by, long since, long until) {}

    private StartOrder() {}

    /**
     * The records that more than so many others overtook.
     *
     * @param starts the first claims of one queue's records, in the order in which they were logged
     */
    static List<Late> late(List<Start> starts, int mayOvertake) {
        int[] places = places(starts);
        Integer[] byMade = new Integer[starts.size()];
        for (int i = 0; i < byMade.length; i++) {
            byMade[i] = i;
        }
        Arrays.sort(byMade, Comparator.comparingLong(i -> starts.get(i).made()));
        int[] tree = new int[starts.size() + 1];
        long[] farthest = new long[starts.size()];
        int logged = 0;
        List<Late> late = new ArrayList<>();
        for (int index : byMade) {
            Start start = starts.get(index);
            while (logged < starts.size() && starts.get(logged).logged() < start.made()) {
                farthest[logged] =
                        Math.max(starts.get(logged).offset(), logged == 0 ? Long.MIN_VALUE : farthest[logged - 1]);
                add(tree, places[logged]);
                logged++;
            }
            int by = logged - sum(tree, places[index]);
            if (by > mayOvertake) {
                long since = starts.get(firstBeyond(farthest, logged, start.offset()))
                        .logged();
                late.add(new Late(start.offset(), by, since, start.logged()));
            }
        }
        return late;
    }

    /** Rank of each start among all by its offset, from 1. */
    private static int[] places(List<Start> starts) {
        long[] offsets = starts.stream().mapToLong(Start::offset).sorted().toArray();
        int[] places = new int[starts.size()];
        for (int i = 0; i < places.length; i++) {
            places[i] = Arrays.binarySearch(offsets, starts.get(i).offset()) + 1;
        }
        return places;
    }

    private static int firstBeyond(long[] farthest, int size, long offset) {
        int low = 0;
        int high = size - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (farthest[middle] > offset) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    private static void add(int[] tree, int place) {
        for (int i = place; i < tree.length; i += i & -i) {
            tree[i]++;
        }
    }

    private static int sum(int[] tree, int place) {
        int sum = 0;
        for (int i = place; i > 0; i -= i & -i) {
            sum += tree[i];
        }
        return sum;
    }
}
