package io.quarry.local.cli;

import io.quarry.engine.catalog.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The schedules of a file, of standard input, or of all YAML and JSON files of a directory. */
final class ScheduleFiles {
    private ScheduleFiles() {}

    /**
     * Reads them all, by name.
     *
     * @throws JobFileException with every error of every file
     */
    static Map<String, ScheduleFile> read(String place, Console console) throws JobFileException {
        Map<String, ScheduleFile> schedules = new LinkedHashMap<>();
        Map<String, String> files = new LinkedHashMap<>();
        List<Problem> problems = new ArrayList<>();
        for (String file : files(place)) {
            try {
                ScheduleFile read = ScheduleFile.read(
                        SubmittedFile.text(file, console), file.equals("-") ? "standard input" : file);
                String name = read.schedule().getName();
                String other = files.putIfAbsent(name, file);
                if (other != null) {
                    problems.add(new Problem(file, 1, 1, "the schedule " + name + " stands in " + other + " too"));
                }
                schedules.put(name, read);
            } catch (JobFileException e) {
                problems.addAll(e.problems());
            }
        }
        if (!problems.isEmpty()) {
            throw new JobFileException(problems);
        }
        return schedules;
    }

    private static List<String> files(String place) {
        if (place.equals("-") || !Files.isDirectory(Path.of(place))) {
            return List.of(place);
        }
        try (Stream<Path> entries = Files.list(Path.of(place))) {
            List<String> files = entries.filter(Files::isRegularFile)
                    .map(Path::toString)
                    .filter(name -> name.matches(".*\\.(yaml|yml|json)"))
                    .sorted()
                    .toList();
            if (files.isEmpty()) {
                throw CommandFailure.badUsage("the directory " + place + " has no .yaml, .yml or .json file");
            }
            return files;
        } catch (IOException e) {
            throw CommandFailure.badUsage("the directory " + place + " cannot be read: " + e.getMessage());
        }
    }
}
