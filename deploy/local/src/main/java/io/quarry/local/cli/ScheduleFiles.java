package io.quarry.local.cli;

import io.quarry.avro.Schedule;
import io.quarry.engine.catalog.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The schedules of a file, of standard input, or of all YAML and JSON files of a directory. For one thread. */
final class ScheduleFiles {
    private final List<ScheduleFile> files = new ArrayList<>();
    private final List<Problem> problems = new ArrayList<>();

    private ScheduleFiles() {}

    /** Reads them all; what is wrong with them is told by {@link #good()}, so that others can look at them too before. */
    static ScheduleFiles read(String place, Console console) {
        ScheduleFiles read = new ScheduleFiles();
        Map<String, String> names = new LinkedHashMap<>();
        for (String file : files(place)) {
            String called = file.equals("-") ? "standard input" : file;
            try {
                ScheduleFile one = ScheduleFile.look(SubmittedFile.text(file, console), called);
                String name = one.schedule().getName();
                String other = name.isEmpty() ? null : names.putIfAbsent(name, file);
                if (other != null) {
                    read.problems.add(new Problem(file, 1, 1, "the schedule " + name + " stands in " + other + " too"));
                }
                read.files.add(one);
            } catch (JobFileException e) {
                read.problems.addAll(e.problems());
            }
        }
        return read;
    }

    /** The files that are YAML, those with problems among them. */
    List<ScheduleFile> all() {
        return files;
    }

    /**
     * The schedules by name.
     *
     * @throws JobFileException with every error of every file
     */
    Map<String, Schedule> good() throws JobFileException {
        List<Problem> all = new ArrayList<>(problems);
        files.forEach(file -> all.addAll(file.problems()));
        if (!all.isEmpty()) {
            throw new JobFileException(all);
        }
        Map<String, Schedule> schedules = new LinkedHashMap<>();
        files.forEach(file -> schedules.put(file.schedule().getName(), file.schedule()));
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
