package io.quarry.local.cli;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Finds the name that somebody most likely meant. */
final class Spelling {
    private Spelling() {}

    /** The nearest of the known names, or empty when none is near. */
    static Optional<String> nearest(String typed, Collection<String> known) {
        return allNearest(typed, known).stream().findFirst();
    }

    /** The known names than which none is nearer, in the order of the alphabet; empty when none is near. */
    static List<String> allNearest(String typed, Collection<String> known) {
        int most = Math.max(2, typed.length() / 3);
        OptionalInt least =
                known.stream().mapToInt(name -> distance(typed, name)).min();
        return known.stream()
                .filter(name -> distance(typed, name) <= Math.min(most, least.orElse(0)))
                .sorted()
                .toList();
    }

    private static int distance(String one, String other) {
        int[] row = new int[other.length() + 1];
        for (int j = 0; j <= other.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= one.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= other.length(); j++) {
                int cost = one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1;
                int best = Math.min(Math.min(row[j] + 1, row[j - 1] + 1), diagonal + cost);
                diagonal = row[j];
                row[j] = best;
            }
        }
        return row[other.length()];
    }
}
