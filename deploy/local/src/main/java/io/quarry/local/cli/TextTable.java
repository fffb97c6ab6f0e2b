package io.quarry.local.cli;

import java.util.ArrayList;
import java.util.List;

/** A table in plain text with aligned columns: numbers to the right, all else to the left. */
final class TextTable {
    /** A width that everything fits into: neither columns nor cells are cut. */
    static final int UNBOUNDED = Integer.MAX_VALUE;

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

    /**
     * The lines of the table, header first. Columns that do not fit into the width are left out, and the last line says so;
     * long cells are shortened. With {@link #UNBOUNDED} neither happens.
     */
    List<String> lines(int width) {
        List<List<String>> rows = width == UNBOUNDED
                ? this.rows
                : this.rows.stream()
                        .map(row -> row.stream().map(TextTable::shortened).toList())
                        .toList();
        int[] widths = widths(rows);
        int shown = 0;
        int used = 0;
        while (shown < widths.length && (shown == 0 || used + widths[shown] <= width)) {
            used += widths[shown] + 2;
            shown++;
        }
        List<String> lines = new ArrayList<>();
        lines.add(line(header, widths, shown, false, rows));
        for (List<String> row : rows) {
            lines.add(line(row, widths, shown, true, rows));
        }
        if (shown < widths.length) {
            lines.add(
                    "(" + (widths.length - shown) + (widths.length - shown == 1 ? " more column: " : " more columns: ")
                            + String.join(", ", header.subList(shown, header.size())) + ")");
        }
        return lines;
    }

    private int[] widths(List<List<String>> rows) {
        int[] widths = new int[header.size()];
        for (int i = 0; i < widths.length; i++) {
            widths[i] = header.get(i).length();
            for (List<String> row : rows) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        return widths;
    }

    private static String line(List<String> cells, int[] widths, int shown, boolean isRow, List<List<String>> rows) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < shown; i++) {
            String cell = cells.get(i);
            String padding = " ".repeat(widths[i] - cell.length());
            boolean right = isRow ? isNumber(cell) : isNumberColumn(rows, i);
            line.append(right ? padding + cell : cell + padding).append("  ");
        }
        return line.toString().stripTrailing();
    }

    private static boolean isNumberColumn(List<List<String>> rows, int index) {
        return rows.stream().anyMatch(row -> isNumber(row.get(index)));
    }

    private static boolean isNumber(String text) {
        return text.matches("-?[0-9][0-9,]*(\\.[0-9]+)?([eE][+-]?[0-9]+)?");
    }

    private static String oneLine(String text) {
        return Text.shown(text.replaceAll("\\s+", " ").strip());
    }

    private static String shortened(String line) {
        return line.length() > WIDEST ? line.substring(0, WIDEST - 1) + "…" : line;
    }
}
