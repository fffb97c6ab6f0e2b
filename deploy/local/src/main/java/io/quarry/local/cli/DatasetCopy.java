package io.quarry.local.cli;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A copy of a dataset in a directory that was new or empty. For one thread. */
final class DatasetCopy {
    private final Path place;

    private DatasetCopy(Path place) {
        this.place = place;
    }

    /** Refuses a place that is no directory, or not empty, before anything is looked for. */
    static DatasetCopy to(Path asked) throws IOException {
        Path place = asked.toAbsolutePath().normalize();
        String rule = "--download is " + place + ": it has to be a new or empty directory";
        if (Files.isDirectory(place)) {
            try (Stream<Path> entries = Files.list(place)) {
                if (entries.findAny().isPresent()) {
                    throw CommandFailure.badUsage(rule);
                }
            }
        } else if (Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
            throw CommandFailure.badUsage(rule);
        }
        return new DatasetCopy(place);
    }

    Path place() {
        return place;
    }

    /** Copies the files, the manifest last, so that a copy with a manifest is a whole one; one that fails leaves no file. */
    void from(Path directory, List<String> files) throws IOException {
        List<Path> made = new ArrayList<>();
        try {
            Files.createDirectories(place);
            List<String> all = new ArrayList<>(files);
            if (Files.isRegularFile(directory.resolve(DatasetParts.MANIFEST))) {
                all.remove(DatasetParts.MANIFEST);
                all.add(DatasetParts.MANIFEST);
            }
            for (String file : all) {
                Path target = place.resolve(file);
                Files.copy(directory.resolve(file), target);
                made.add(target);
            }
        } catch (IOException e) {
            for (Path target : made) {
                Files.deleteIfExists(target);
            }
            throw CommandFailure.failed("the dataset cannot be copied to " + place + ": " + reason(e), e);
        }
    }

    private static String reason(IOException failure) {
        if (failure instanceof NoSuchFileException missing) {
            return missing.getFile() + " is missing";
        }
        return failure instanceof FileAlreadyExistsException there
                ? there.getFile() + " is in the way"
                : failure.toString();
    }
}
