package io.quarry.local.cli;

import io.quarry.local.bench.Spread;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** A measured figure as it is shown. */
final class Spreads {
    private Spreads() {}

    static Map<String, Object> tree(Spread spread) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("min", rounded(spread.min()));
        tree.put("median", rounded(spread.median()));
        tree.put("max", rounded(spread.max()));
        return tree;
    }

    static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }

    static String text(Spread spread, int digits) {
        String number = "%." + digits + "f";
        return String.format(
                Locale.ROOT,
                number + " (" + number + " - " + number + ")",
                spread.median(),
                spread.min(),
                spread.max());
    }
}
