package io.quarry.engine.query;

import io.quarry.avro.CauseType;
import io.quarry.engine.JobFailure;
import java.io.IOException;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a failure of DuckDB or of the file system means for a job. DuckDB has no SQL states: its messages' beginnings tell. */
final class EngineFailures {
    private static final int LONGEST = 1000;
    private static final Pattern LINE = Pattern.compile("(?s).*\nLINE (\\d+): (.*)\n( *)\\^.*");
    private static final Pattern USED = Pattern.compile("\\(([^()]+)/([^()]+) used\\)");

    private static final Pattern CSV_LINE = Pattern.compile("CSV Error on Line: (\\d+)");
    private static final Pattern CSV_FILE = Pattern.compile("(?m)^ *file ?= ?(/.*)$");
    private static final Pattern CSV_REASON =
            Pattern.compile("(?m)^(Error when|Expected|Value with|Maximum|Invalid).*$");
    private static final Pattern CSV_VALUE = Pattern.compile("Could not convert string \"([^\n]*)\" to");
    private static final Pattern PATH = Pattern.compile("[\"'](/[^\"'\n]+)[\"']");
    private static final Pattern COLUMN = Pattern.compile("(?i)column (?:with name |named |\\w+\\.)?\"([^\"\n]+)\"");

    private EngineFailures() {}

    /**
     * Names the cause of an exception of DuckDB.
     *
     * @param phase what the attempt was doing: open, input, plan, query, statistics or publish
     * @param peakBytes highest resident memory of the process so far
     */
    static JobFailure of(SQLException failure, String phase, EngineBudget budget, long peakBytes) {
        String message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
        String first = message.lines().findFirst().orElse("");
        Map<String, String> evidence = new TreeMap<>();
        evidence.put("phase", phase);
        CauseType type = type(message, phase);
        String text = shortened(first);
        switch (type) {
            case MEMORY_LIMIT -> {
                memory(evidence, budget, peakBytes, first);
                evidence.put("limited_by", "engine");
                text = "The query needs more memory than the engine has (" + mib(budget.engineBytes())
                        + "), and what it holds cannot be spilled. Ask for more memory or fewer cpus. Engine: " + text;
            }
            case SPILL_FULL -> {
                memory(evidence, budget, peakBytes, first);
                evidence.put("spill_limit_bytes", Long.toString(budget.spillBytes()));
                text = "The query spilled more than the attempt may (" + mib(budget.spillBytes())
                        + "). Ask for more ephemeral storage or more memory. Engine: " + text;
            }
            case DISK_FULL -> text = diskFull(text);
            case INVALID_INPUT -> {
                path(message, evidence);
                Matcher line = CSV_LINE.matcher(message);
                if (line.find()) {
                    evidence.put("line", line.group(1));
                    text = csv(message, evidence, text);
                } else if (binding(message)) {
                    text = "A source's files no longer have what the catalog says: " + text;
                }
            }
            default -> position(message, evidence);
        }
        return new JobFailure(new io.quarry.avro.Cause(type, text, Map.copyOf(evidence)), failure);
    }

    /** Names the cause of a failed file operation on the attempt's own directories. */
    static JobFailure of(IOException failure, String phase) {
        String message = String.valueOf(failure.getMessage());
        CauseType type = noSpace(message) ? CauseType.DISK_FULL : CauseType.TRANSIENT_FAILURE;
        return new JobFailure(
                new io.quarry.avro.Cause(
                        type,
                        type == CauseType.DISK_FULL
                                ? diskFull(shortened(message))
                                : "The attempt's files could not be written: " + shortened(message),
                        Map.of("phase", phase)),
                failure);
    }

    /** The process outgrew its memory although DuckDB kept to its own limit. */
    static JobFailure overMemory(String phase, EngineBudget budget, long peakBytes) {
        Map<String, String> evidence = new TreeMap<>();
        evidence.put("phase", phase);
        memory(evidence, budget, peakBytes, "");
        evidence.put("limited_by", "process");
        return JobFailure.of(
                CauseType.MEMORY_LIMIT,
                "The process outgrew its memory (" + mib(budget.processBytes())
                        + "): expressions over very large values are not counted by the engine. Ask for more memory.",
                evidence);
    }

    /** The dataset outgrew the attempt's storage. */
    static JobFailure overStorage(String phase, EngineBudget budget, long datasetBytes) {
        return JobFailure.of(
                CauseType.SPILL_FULL,
                "The dataset outgrew the attempt's ephemeral storage (" + mib(budget.spillBytes())
                        + "). Ask for more ephemeral storage or for fewer rows.",
                Map.of(
                        "phase",
                        phase,
                        "limited_by",
                        "dataset",
                        "limit_bytes",
                        Long.toString(budget.spillBytes()),
                        "dataset_bytes",
                        Long.toString(datasetBytes)));
    }

    private static CauseType type(String message, String phase) {
        String kind = message.contains(" Error:") ? message.substring(0, message.indexOf(" Error:")) : "";
        if (noSpace(message)) {
            return CauseType.DISK_FULL;
        }
        return switch (kind) {
            case "Out of Memory" ->
                message.contains("max_temp_directory_size") ? CauseType.SPILL_FULL : CauseType.MEMORY_LIMIT;
            // The query's own text was bound when it was planned: what does not bind afterwards are the sources' files.
            case "Binder" -> phase.equals("plan") ? CauseType.USER_ERROR : CauseType.INVALID_INPUT;
            case "Parser", "Syntax", "Catalog", "Not implemented", "Parameter Not Resolved" ->
                phase.equals("input") ? CauseType.INVALID_INPUT : CauseType.USER_ERROR;
            case "Permission" -> CauseType.USER_ERROR;
            case "IO", "HTTP", "Serialization" ->
                message.contains("o files found") || unreadable(message) || message.contains("Cannot open file")
                        ? CauseType.INVALID_INPUT
                        : CauseType.TRANSIENT_FAILURE;
            case "Conversion",
                    "Out of Range",
                    "Invalid Input",
                    "Constraint",
                    "Mismatch Type",
                    "Decimal",
                    "Divide by Zero",
                    "Invalid",
                    "Invalid type" ->
                phase.equals("input") || phase.equals("plan") || unreadable(message)
                        ? CauseType.INVALID_INPUT
                        : CauseType.DETERMINISTIC_FAILURE;
            case "INTERNAL", "FATAL" -> CauseType.INTERNAL_ERROR;
            default -> CauseType.TRANSIENT_FAILURE;
        };
    }

    /** Whether it says that a file is not what its name promises. */
    private static boolean unreadable(String message) {
        String lower = message.toLowerCase(Locale.ROOT);
        return lower.contains("parquet")
                || lower.contains("magic bytes")
                || lower.contains("tprotocolexception")
                || lower.contains("csv")
                || lower.contains("don't know what type")
                || lower.contains("decompress")
                || lower.contains("schema mismatch");
    }

    private static boolean noSpace(String message) {
        return message.contains("No space left on device") || message.contains("Disk quota exceeded");
    }

    private static String diskFull(String detail) {
        return "The disk under the attempt's directories is full: " + detail;
    }

    private static void memory(Map<String, String> evidence, EngineBudget budget, long peakBytes, String detail) {
        evidence.put("process_limit_bytes", Long.toString(budget.processBytes()));
        evidence.put("limit_bytes", Long.toString(budget.engineBytes()));
        evidence.put("peak_bytes", Long.toString(peakBytes));
        Matcher used = USED.matcher(detail);
        if (used.find()) {
            evidence.put("used", used.group(1));
            evidence.put(
                    "operation",
                    shortened(detail.substring(detail.indexOf(':') + 1, used.start())
                            .trim()));
        }
    }

    private static void position(String message, Map<String, String> evidence) {
        Matcher line = LINE.matcher(message);
        if (line.matches()) {
            int prefix = ("LINE " + line.group(1) + ": ").length();
            evidence.put("line", line.group(1));
            evidence.put("column", Integer.toString(Math.max(1, line.group(3).length() - prefix + 1)));
            evidence.put("near", shortened(line.group(2)));
        }
    }

    private static boolean binding(String message) {
        return message.startsWith("Binder Error:");
    }

    /** What DuckDB says of a line of a CSV file, over many lines, in one; notes file and value. */
    private static String csv(String message, Map<String, String> evidence, String first) {
        Matcher file = CSV_FILE.matcher(message);
        if (file.find()) {
            evidence.put("path", shortened(file.group(1).strip()));
        }
        Matcher value = CSV_VALUE.matcher(message);
        if (value.find()) {
            evidence.put("value", shortened(value.group(1)));
        }
        Matcher reason = CSV_REASON.matcher(message);
        return reason.find() ? shortened(first + ": " + reason.group()) : first;
    }

    /** The file that a message is about. */
    private static void path(String message, Map<String, String> evidence) {
        Matcher path = PATH.matcher(message);
        if (path.find()) {
            evidence.put("path", shortened(path.group(1)));
        }
        Matcher column = COLUMN.matcher(message);
        if (column.find()) {
            evidence.put("column", shortened(column.group(1)));
        }
    }

    private static String mib(long bytes) {
        return bytes / (1L << 20) + " MiB";
    }

    private static String shortened(String text) {
        return text.length() <= LONGEST ? text : text.substring(0, LONGEST - 1) + "…";
    }
}
