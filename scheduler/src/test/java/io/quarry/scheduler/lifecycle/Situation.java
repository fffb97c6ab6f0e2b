package io.quarry.scheduler.lifecycle;

import java.util.Arrays;

/**
 * All that is the case at one moment of an exploration: the job's row, the log that the lifecycle has not read yet, what lies
 * in the topics, and two workers. Claims are small numbers: 1 is the row's owner, 2 its lost owner, the others are counted as
 * they are met, so that situations which differ in names alone are the same one. So are those that differ in which of the two
 * workers is called the first.
 */
final class Situation {
    static final int IDLE = 0;
    static final int HOLDS = 1;
    static final int CLAIMED = 2;
    static final int RUNS = 3;

    static final int FREE = 0;
    static final int HELD = 1;
    static final int GONE = 2;

    static final int OWNER = 1;
    static final int LOST_OWNER = 2;
    /** A claim that is made by the move at hand. */
    static final int FRESH = 14;
    /** A claim that nobody speaks of any more: it differs from each claim to come. */
    private static final int FORGOTTEN = 15;

    private static final int MOST_ATTEMPTS = 7;
    private static final int MOST_LETTERS = 12;
    static final int LONGS = 4;

    int row;
    /** Who owned each attempt. */
    final int[] owners = new int[MOST_ATTEMPTS + 1];

    final int[] phase = new int[2];
    final int[] topic = new int[2];
    final int[] offset = new int[2];
    final int[] claim = new int[2];
    final int[] fenced = new int[2];

    final int[] log = new int[5];
    int logged;

    /** In the queue and in the retries: attempt and where it lies. */
    final int[][] attempts = new int[2][MOST_LETTERS];

    final int[][] lying = new int[2][MOST_LETTERS];
    final int[] letters = new int[2];
    /** How far intake has read. */
    final int[] read = new int[2];

    private final int[] names = new int[FORGOTTEN + 1];
    private int named;
    private long[] bits = new long[LONGS];
    private int bit;

    void copy(Situation from) {
        row = from.row;
        System.arraycopy(from.owners, 0, owners, 0, owners.length);
        for (int i = 0; i < 2; i++) {
            phase[i] = from.phase[i];
            topic[i] = from.topic[i];
            offset[i] = from.offset[i];
            claim[i] = from.claim[i];
            fenced[i] = from.fenced[i];
            letters[i] = from.letters[i];
            read[i] = from.read[i];
            System.arraycopy(from.attempts[i], 0, attempts[i], 0, letters[i]);
            System.arraycopy(from.lying[i], 0, lying[i], 0, letters[i]);
        }
        logged = from.logged;
        System.arraycopy(from.log, 0, log, 0, logged);
    }

    void say(int event) {
        log[logged++] = event;
    }

    void post(int to, int attempt) {
        if (letters[to] == MOST_LETTERS || attempt > MOST_ATTEMPTS) {
            throw new Exploration.Broken("more records or attempts than anybody expects");
        }
        attempts[to][letters[to]] = attempt;
        lying[to][letters[to]++] = FREE;
    }

    void idle(int worker) {
        phase[worker] = IDLE;
        topic[worker] = 0;
        offset[worker] = 0;
        claim[worker] = 0;
        fenced[worker] = 0;
    }

    /** The worker's record goes to somebody else, unless it is done with. */
    void free(int worker) {
        int[] lies = lying[topic[worker]];
        if (lies[offset[worker]] == HELD) {
            lies[offset[worker]] = FREE;
        }
    }

    int firstFree(int in) {
        for (int i = 0; i < letters[in]; i++) {
            if (lying[in][i] == FREE) {
                return i;
            }
        }
        return -1;
    }

    /** Whether worker or log still speak of the claim. */
    boolean alive(int aClaim) {
        for (int i = 0; i < logged; i++) {
            if (Wording.claim(log[i]) == aClaim) {
                return true;
            }
        }
        return claim[0] == aClaim || claim[1] == aClaim;
    }

    boolean logs(int type) {
        for (int i = 0; i < logged; i++) {
            if (Wording.type(log[i]) == type) {
                return true;
            }
        }
        return false;
    }

    /** Drops the oldest retries when they are done with, read, and nobody speaks of them: how many there were makes no difference. */
    void forgetOldRetries() {
        for (int i = 0; i < logged; i++) {
            if (Wording.topic(log[i]) == 1) {
                return;
            }
        }
        int old = 0;
        while (old < read[1]
                && lying[1][old] == GONE
                && (phase[0] == IDLE || topic[0] == 0 || offset[0] > old)
                && (phase[1] == IDLE || topic[1] == 0 || offset[1] > old)) {
            old++;
        }
        if (old == 0) {
            return;
        }
        letters[1] -= old;
        read[1] -= old;
        System.arraycopy(attempts[1], old, attempts[1], 0, letters[1]);
        System.arraycopy(lying[1], old, lying[1], 0, letters[1]);
        for (int i = 0; i < 2; i++) {
            offset[i] -= topic[i] * old;
        }
    }

    /** The same for all situations that differ in names alone; the claims that the row names are given by their names so far. */
    long[] canonical(int owner, int lostOwner) {
        long[] one = encoded(owner, lostOwner, 0);
        if (phase[0] == IDLE && phase[1] == IDLE) {
            return one;
        }
        long[] two = encoded(owner, lostOwner, 1);
        for (int i = 0; i < LONGS; i++) {
            if (one[i] != two[i]) {
                return one[i] < two[i] ? one : two;
            }
        }
        return one;
    }

    private long[] encoded(int owner, int lostOwner, int first) {
        Arrays.fill(names, 0);
        names[owner] = OWNER;
        names[lostOwner] = LOST_OWNER;
        names[0] = 0;
        named = LOST_OWNER;
        bits = new long[LONGS];
        bit = 0;
        put(row, 18);
        for (int n = 0; n < 2; n++) {
            int i = first == 0 ? n : 1 - n;
            put(phase[i], 2);
            put(topic[i], 1);
            put(offset[i], 4);
            put(name(claim[i]), 4);
            put(fenced[i], 1);
        }
        put(logged, 3);
        for (int i = 0; i < logged; i++) {
            put(Wording.renamed(log[i], name(Wording.claim(log[i]))), Wording.BITS);
        }
        for (int a = 1; a < owners.length; a++) {
            int by = owners[a];
            put(by == 0 ? 0 : by == FORGOTTEN || names[by] == 0 ? FORGOTTEN : names[by], 4);
        }
        for (int t = 0; t < 2; t++) {
            put(letters[t], 4);
            put(read[t], 4);
            for (int i = 0; i < letters[t]; i++) {
                put(attempts[t][i], 3);
                put(lying[t][i], 2);
            }
        }
        return bits;
    }

    private int name(int aClaim) {
        if (aClaim != 0 && names[aClaim] == 0) {
            names[aClaim] = ++named;
        }
        return names[aClaim];
    }

    private void put(int value, int width) {
        if (value >>> width != 0 || bit + width > 64 * LONGS) {
            throw new Exploration.Broken("more than a situation can hold");
        }
        bits[bit >> 6] |= (long) value << (bit & 63);
        if ((bit & 63) + width > 64) {
            bits[(bit >> 6) + 1] |= (long) value >>> (64 - (bit & 63));
        }
        bit += width;
    }

    void decode(long[] from, int at) {
        System.arraycopy(from, at, bits, 0, LONGS);
        bit = 0;
        row = get(18);
        for (int i = 0; i < 2; i++) {
            phase[i] = get(2);
            topic[i] = get(1);
            offset[i] = get(4);
            claim[i] = get(4);
            fenced[i] = get(1);
        }
        logged = get(3);
        for (int i = 0; i < logged; i++) {
            log[i] = get(Wording.BITS);
        }
        for (int a = 1; a < owners.length; a++) {
            owners[a] = get(4);
        }
        for (int t = 0; t < 2; t++) {
            letters[t] = get(4);
            read[t] = get(4);
            for (int i = 0; i < letters[t]; i++) {
                attempts[t][i] = get(3);
                lying[t][i] = get(2);
            }
        }
    }

    private int get(int width) {
        long value = bits[bit >> 6] >>> (bit & 63);
        if ((bit & 63) + width > 64) {
            value |= bits[(bit >> 6) + 1] << (64 - (bit & 63));
        }
        bit += width;
        return (int) (value & ((1L << width) - 1));
    }

    /** For people. */
    String text(RowBook book) {
        StringBuilder text = new StringBuilder(book.text(row));
        for (int i = 0; i < 2; i++) {
            text.append(" worker ").append(phase[i]).append(topic[i]).append(offset[i]);
            text.append("/c").append(claim[i]).append(fenced[i] == 0 ? "" : "fenced");
        }
        for (int i = 0; i < logged; i++) {
            text.append(" | ").append(Wording.event(log[i]));
        }
        for (int t = 0; t < 2; t++) {
            text.append(" topic").append(t).append(" read ").append(read[t]).append(':');
            for (int i = 0; i < letters[t]; i++) {
                text.append(' ').append(attempts[t][i]).append("FHG".charAt(lying[t][i]));
            }
        }
        return text.toString();
    }
}
