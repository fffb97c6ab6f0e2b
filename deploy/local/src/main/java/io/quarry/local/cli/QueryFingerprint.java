package io.quarry.local.cli;

import io.quarry.avro.InlineColumn;
import io.quarry.avro.IntegerRange;
import io.quarry.avro.Job;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.QueryInput;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What two jobs have in common that are runs of the same query: kind, outputs, the form of its input and the order of magnitude of
 * its rows. Instants, values, bounds and literals differ from run to run and do not count. Pure.
 */
final class QueryFingerprint {
    private static final Pattern LITERAL = Pattern.compile("'(?:[^']|'')*'|\\b[0-9][0-9_.eE]*\\b");
    private static final Pattern SPACE = Pattern.compile("\\s+");
    private static final Pattern DIGITS = Pattern.compile("[0-9]+");

    private QueryFingerprint() {}

    /** The fingerprint as a text: equal texts are the same query. */
    static String of(Job job) {
        OfflineQuery query = job.getOfflineQuery();
        if (query == null) {
            return String.join("|", job.getKind(), String.valueOf(job.getName()));
        }
        List<String> parts = new ArrayList<>();
        parts.add(job.getKind());
        parts.add(String.valueOf(query.getQueryName()));
        parts.add(String.valueOf(query.getQueryVersion()));
        parts.add(new TreeSet<>(query.getOutputs()).toString());
        parts.add(new TreeSet<>(query.getRequiredOutputs()).toString());
        parts.add(String.valueOf(query.getTimeColumn()));
        parts.add(input(query.getInput()));
        parts.add(magnitude(query.getMaxRows() == null ? 0.0 : (double) query.getMaxRows()));
        parts.add(query.getSampleFraction() == null ? "whole" : "sample 1/" + magnitude(1 / query.getSampleFraction()));
        return String.join("|", parts);
    }

    private static String input(QueryInput input) {
        if (input.getColumns() != null) {
            TreeSet<String> names = new TreeSet<>();
            long rows = 0;
            for (InlineColumn column : input.getColumns()) {
                names.add(column.getName());
                rows = Math.max(rows, column.getValues().size());
            }
            return "columns " + names + " " + magnitude((double) rows);
        }
        if (input.getRange() != null) {
            IntegerRange range = input.getRange();
            double rows = ((double) range.getEnd() - range.getStart()) / Math.max(1, range.getStep());
            return "range " + range.getColumn() + " " + magnitude(rows);
        }
        if (input.getFiles() != null) {
            // A file of each day is the same query each day.
            return "files " + DIGITS.matcher(input.getFiles().toString()).replaceAll("#");
        }
        String sql = String.valueOf(input.getSql());
        return "sql "
                + SPACE.matcher(LITERAL.matcher(sql).replaceAll("?"))
                        .replaceAll(" ")
                        .strip();
    }

    /** How many digits a number has. */
    private static String magnitude(double number) {
        return "10^" + (number < 1 ? 0 : (int) Math.floor(Math.log10(number)));
    }
}
