package io.quarry.local.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The files of a dataset by what its manifest says: some of them alone would be another answer to the same question. */
final class DatasetParts {
    static final String MANIFEST = "manifest.json";

    private DatasetParts() {}

    /** Names of the files of a dataset that is known by its directory alone; of a manifest that names none, those that lie there. */
    static List<String> of(Path directory) throws IOException {
        JsonNode named = manifest(directory.resolve(MANIFEST)).path("files");
        List<String> files = new ArrayList<>();
        for (JsonNode file : named) {
            files.add(file.path("name").asText());
        }
        return named.isArray() ? List.copyOf(files) : parts(directory);
    }

    /** Refuses a dataset of which a file is missing. */
    static void require(Path directory, List<String> files) {
        for (String file : files) {
            Path path = directory.resolve(file).normalize();
            if (!path.startsWith(directory)) {
                throw CommandFailure.failed("the dataset names a file outside itself: " + file, new IOException(file));
            }
            if (!Files.isRegularFile(path)) {
                throw CommandFailure.failed(
                        "the dataset in " + directory + " is not whole: its file " + file + " is missing",
                        new NoSuchFileException(path.toString()));
            }
        }
    }

    private static JsonNode manifest(Path file) throws IOException {
        try {
            return new ObjectMapper().readTree(file.toFile());
        } catch (JsonProcessingException e) {
            throw CommandFailure.failed(file + " is no manifest of a dataset: " + e.getOriginalMessage(), e);
        }
    }

    private static List<String> parts(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.map(entry -> String.valueOf(entry.getFileName()))
                    .filter(name -> name.endsWith(".parquet"))
                    .sorted()
                    .toList();
        }
    }
}
