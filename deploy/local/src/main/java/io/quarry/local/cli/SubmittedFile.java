package io.quarry.local.cli;

import io.quarry.avro.Job;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.QueryInput;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Reads the file or standard input that a command line names, and finds the files that it names in turn. */
final class SubmittedFile {
    private static final long MOST_BYTES = 16L << 20;

    private SubmittedFile() {}

    /**
     * Reads a job. Relative paths among the input's files are taken from the directory of the job file, so that the worker
     * gets absolute ones.
     *
     * @param name path of the file, or {@code -} for standard input
     */
    static Job read(String name, Console console) throws JobFileException {
        return located(JobFile.parse(text(name, console), name.equals("-") ? "standard input" : name), name);
    }

    /** The job with absolute paths in the place of relative ones. */
    static Job located(Job job, String name) {
        OfflineQuery query = job.getOfflineQuery();
        List<String> files = query == null ? null : query.getInput().getFiles();
        if (query == null || files == null) {
            return job;
        }
        Path directory = directory(name);
        QueryInput input = QueryInput.newBuilder(query.getInput())
                .setFiles(files.stream().map(file -> absolute(directory, file)).toList())
                .build();
        return Job.newBuilder(job)
                .setOfflineQuery(OfflineQuery.newBuilder(query).setInput(input).build())
                .build();
    }

    /** Directory of the file, or the working directory for standard input. */
    static Path directory(String name) {
        Path file = Path.of(name.equals("-") ? "stdin" : name).toAbsolutePath().normalize();
        Path parent = file.getParent();
        return parent == null ? file : parent;
    }

    private static String absolute(Path directory, String file) {
        return file.contains(":") || file.startsWith("/")
                ? file
                : directory.resolve(file).normalize().toString();
    }

    static String text(String name, Console console) {
        try {
            if (name.equals("-")) {
                byte[] bytes = console.in().readNBytes((int) MOST_BYTES + 1);
                if (bytes.length > MOST_BYTES) {
                    throw tooLarge("standard input has more than " + Text.bytes(MOST_BYTES));
                }
                return new String(bytes, StandardCharsets.UTF_8);
            }
            Path file = QuarryCommand.existing(Path.of(name), "the file");
            if (Files.size(file) > MOST_BYTES) {
                throw tooLarge(name + " has " + Text.bytes(Files.size(file)));
            }
            return Files.readString(file);
        } catch (CharacterCodingException e) {
            throw CommandFailure.badUsage("the file " + name + " is not UTF-8 text");
        } catch (IOException e) {
            throw CommandFailure.badUsage("the file " + name + " cannot be read: " + e.getMessage());
        }
    }

    private static CommandFailure tooLarge(String found) {
        return CommandFailure.badUsage(found
                + " (a job has at most 1 MiB of inline rows): put the rows into a Parquet file below one of the"
                + " worker's input directories and name it in input.files");
    }
}
