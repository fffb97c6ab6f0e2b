package io.quarry.local.cli;

import java.util.ArrayList;
import java.util.List;

/** A table in plain text with aligned columns: numbers to the right, all else to the left. */
final class TextTable {
    private static final int WIDEST = 60;

    private final List<String> header;
    private final List<List<String>> rows = new ArrayList<>();

    TextTable(String... header) {
        this.header = List.of(header);
    }

    TextTable(List<String> header) {
        this.header = List.copyOf(header);
    }

    TextTable row(List<String> cells) {
        rows.add(cells.stream().map(TextTable::oneLine).toList());
        return this;
    }

    TextTable row(Object... cells) {
        List<String> texts = new ArrayList<>();
        for (Object cell : cells) {
            texts.add(String.valueOf(cell));
        }
        return row(texts);
    }

    boolean isEmpty() {
        return rows.isEmpty();
    }

    /** The lines of the table, header first. Columns that do not fit into the width are left out, and the last line says so. */
    List<String> lines(int width) {
        int[] widths = widths();
        int shown = 0;
        int used = 0;
        while (shown < widths.length && (shown == 0 || used + widths[shown] <= width)) {
            used += widths[shown] + 2;
            shown++;
        }
        List<String> lines = new ArrayList<>();
        lines.add(line(header, widths, shown, false));
        for (List<String> row : rows) {
            lines.add(line(row, widths, shown, true));
        }
        if (shown < widths.length) {
            lines.add("(" + (widths.length - shown) + " more columns: "
                    + String.join(", ", header.subList(shown, header.size())) + ")");
        }
        return lines;
    }

    private int[] widths() {
        int[] widths = new int[header.size()];
        for (int i = 0; i < widths.length; i++) {
            widths[i] = header.get(i).length();
            for (List<String> row : rows) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        return widths;
    }

    private String line(List<String> cells, int[] widths, int shown, boolean isRow) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < shown; i++) {
            String cell = cells.get(i);
            String padding = " ".repeat(widths[i] - cell.length());
            boolean right = isRow ? isNumber(cell) : isNumberColumn(i);
            line.append(right ? padding + cell : cell + padding).append("  ");
        }
        return line.toString().stripTrailing();
    }

    private boolean isNumberColumn(int index) {
        return rows.stream().anyMatch(row -> isNumber(row.get(index)));
    }

    private static boolean isNumber(String text) {
        return text.matches("-?[0-9][0-9,]*(\\.[0-9]+)?([eE][+-]?[0-9]+)?");
    }

    private static String oneLine(String text) {
        String line = text.replaceAll("\\s+", " ").strip();
        return line.length() > WIDEST ? line.substring(0, WIDEST - 1) + "…" : line;
    }
}
