package io.quarry.scheduler.lifecycle;

import java.util.Arrays;
import java.util.BitSet;

/** Situations of one budget, each once and numbered, and the moves between them that need no fault. */
final class Situations {
    private static final int CHUNK = 1 << 14;

    private long[][] chunks = new long[16][];
    private int[] table = new int[1 << 12];
    private int size;
    private int[] pairs = new int[1 << 12];
    private int moves;
    private final BitSet finals = new BitSet();

    int size() {
        return size;
    }

    void get(int number, Situation into) {
        into.decode(chunks[number / CHUNK], number % CHUNK * Situation.LONGS);
    }

    void isFinal(int number) {
        finals.set(number);
    }

    /** Its number; a new one when it is met for the first time. */
    int add(long[] situation) {
        int mask = table.length - 1;
        int slot = hash(situation, 0) & mask;
        while (table[slot] != 0) {
            int number = table[slot] - 1;
            long[] chunk = chunks[number / CHUNK];
            int at = number % CHUNK * Situation.LONGS;
            if (Arrays.equals(chunk, at, at + Situation.LONGS, situation, 0, Situation.LONGS)) {
                return number;
            }
            slot = (slot + 1) & mask;
        }
        if (size / CHUNK == chunks.length) {
            chunks = Arrays.copyOf(chunks, chunks.length * 2);
        }
        if (size % CHUNK == 0) {
            chunks[size / CHUNK] = new long[CHUNK * Situation.LONGS];
        }
        System.arraycopy(situation, 0, chunks[size / CHUNK], size % CHUNK * Situation.LONGS, Situation.LONGS);
        table[slot] = ++size;
        if (size > table.length / 2) {
            grow();
        }
        return size - 1;
    }

    private void grow() {
        table = new int[table.length * 2];
        int mask = table.length - 1;
        for (int number = 0; number < size; number++) {
            int slot = hash(chunks[number / CHUNK], number % CHUNK * Situation.LONGS) & mask;
            while (table[slot] != 0) {
                slot = (slot + 1) & mask;
            }
            table[slot] = number + 1;
        }
    }

    private static int hash(long[] in, int at) {
        long hash = 0;
        for (int i = 0; i < Situation.LONGS; i++) {
            hash = Long.rotateLeft((hash ^ in[at + i]) * 0xBF58476D1CE4E5B9L, 29);
        }
        return (int) (hash ^ hash >>> 32);
    }

    void move(int from, int to) {
        if (moves + 2 > pairs.length) {
            pairs = Arrays.copyOf(pairs, pairs.length * 2);
        }
        pairs[moves++] = from;
        pairs[moves++] = to;
    }

    /** The first situation from which no final one can be reached; -1 when there is none. */
    int cannotReachAFinalOne() {
        int[] first = new int[size + 1];
        for (int i = 1; i < moves; i += 2) {
            first[pairs[i] + 1]++;
        }
        for (int i = 0; i < size; i++) {
            first[i + 1] += first[i];
        }
        int[] into = new int[moves / 2];
        int[] next = Arrays.copyOf(first, size);
        for (int i = 0; i < moves; i += 2) {
            into[next[pairs[i + 1]]++] = pairs[i];
        }
        BitSet good = (BitSet) finals.clone();
        int[] open = new int[size];
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
        return stuck < size ? stuck : -1;
    }
}
