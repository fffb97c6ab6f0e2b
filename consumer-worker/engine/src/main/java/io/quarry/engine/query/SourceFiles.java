package io.quarry.engine.query;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.engine.JobFailure;
import io.quarry.engine.catalog.Catalog;
import io.quarry.engine.catalog.Source;
import io.quarry.schemas.Violation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Which file is to blame when a query cannot be read or run. The catalog was checked when the worker read it; files are replaced
 * and vanish afterwards, and DuckDB, locked down as it is, calls a vanished file one that it may not look at.
 */
final class SourceFiles {
    private static final String SOURCES = "catalog.sources.";
    private static final int MOST = 10;

    private SourceFiles() {}

    /** A failure for the first of the files that is not one that can be read any more. */
    static Optional<JobFailure> gone(Catalog catalog, Collection<Path> files) {
        for (Path file : files) {
            Optional<String> state = InputFiles.isGlob(file.toString()) ? Optional.empty() : state(file);
            if (state.isPresent()) {
                Map<String, String> known = new TreeMap<>(Map.of("path", file.toString()));
                Optional<String> source = source(catalog, file.toString());
                source.ifPresent(name -> known.put("source", name));
                String field = source.map(name -> SOURCES + name + ".files").orElse("offline_query.input.files");
                return Optional.of(JobFailure.refused(
                        List.of(new Violation(
                                field, file.toString(), "must be a file that can be read, and it " + state.get())),
                        known));
            }
        }
        return Optional.empty();
    }

    /** The same for the files of the source that a violation's field names. */
    static Optional<JobFailure> gone(Catalog catalog, Violation violation) {
        return catalog.sources().values().stream()
                .filter(source -> violation.field().equals(SOURCES + source.name() + ".files"))
                .findFirst()
                .flatMap(source ->
                        gone(catalog, source.files().stream().map(Path::of).toList()));
    }

    /** The failure with the file that it is about, or those that it may be about. */
    static JobFailure named(Catalog catalog, Collection<Path> reads, JobFailure failure) {
        Cause cause = failure.jobCause();
        if (cause.getType() != CauseType.INVALID_INPUT) {
            return failure;
        }
        Map<String, String> evidence = new TreeMap<>(cause.getEvidence());
        if (!reads.isEmpty()) {
            evidence.putIfAbsent(
                    "path", reads.stream().limit(MOST).map(Path::toString).collect(Collectors.joining(", ")));
        }
        String path = evidence.getOrDefault("path", "");
        source(catalog, path).ifPresent(name -> evidence.put("source", name));
        String message =
                cause.getMessage().contains(path) ? cause.getMessage() : cause.getMessage() + ". File: " + path;
        return new JobFailure(new Cause(cause.getType(), message, Map.copyOf(evidence)), failure);
    }

    private static Optional<String> state(Path file) {
        if (!Files.exists(file)) {
            return Optional.of("is missing");
        }
        if (!Files.isRegularFile(file)) {
            return Optional.of(Files.isDirectory(file) ? "is a directory" : "is no regular file");
        }
        if (!Files.isReadable(file)) {
            return Optional.of("may not be read by the worker's user");
        }
        try {
            return Files.size(file) == 0 ? Optional.of("is empty") : Optional.empty();
        } catch (IOException gone) {
            return Optional.of("is missing");
        }
    }

    private static Optional<String> source(Catalog catalog, String file) {
        return catalog.sources().values().stream()
                .filter(source -> source.files().contains(file))
                .map(Source::name)
                .findFirst();
    }
}
