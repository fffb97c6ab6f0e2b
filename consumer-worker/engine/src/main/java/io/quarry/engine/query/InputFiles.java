package io.quarry.engine.query;

import io.quarry.schemas.Violation;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The files that a query names as its input: globs expanded, links followed, and each proven to lie below an allowed directory
 * after that. The result holds real paths only, so nothing can be swapped behind a link later.
 *
 * @param files real paths in order, without duplicates
 * @param violations what is wrong; then the files are not to be used
 */
record InputFiles(List<Path> files, List<Violation> violations) {
    private static final int MOST = 10_000;

    InputFiles {
        files = List.copyOf(files);
        violations = List.copyOf(violations);
    }

    /** Looks up what a query names. Directories that do not exist allow nothing. */
    static InputFiles find(List<String> names, List<Path> allowed) {
        List<Path> found = new ArrayList<>();
        List<Violation> wrong = new ArrayList<>();
        List<Path> roots = allowed.stream()
                .map(InputFiles::real)
                .filter(root -> root != null)
                .map(Path.class::cast)
                .toList();
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            String field = "offline_query.input.files[" + i + "]";
            Consumer<String> violation = rule -> wrong.add(new Violation(field, name, rule));
            if (roots.isEmpty()) {
                violation.accept("input files are not allowed here: the worker's setting engine.input.dirs is empty");
                continue;
            }
            Path path = path(name);
            if (path == null || !path.isAbsolute()) {
                violation.accept("must be an absolute path or a file: URI");
                continue;
            }
            List<Path> matches = expand(path, roots);
            if (matches.isEmpty()) {
                violation.accept("no such file below the allowed directories " + roots);
            }
            for (Path match : matches) {
                Path real = real(match);
                if (real == null || roots.stream().noneMatch(real::startsWith)) {
                    violation.accept("leads out of the allowed directories " + roots);
                } else if (!Files.isRegularFile(real) || !Files.isReadable(real)) {
                    violation.accept("must be a readable file");
                } else if (!found.contains(real)) {
                    found.add(real);
                }
            }
            if (found.size() > MOST) {
                violation.accept("must match at most " + MOST + " files");
            }
        }
        return new InputFiles(found, wrong);
    }

    private static @Nullable Path path(String name) {
        try {
            return name.startsWith("file:") ? Path.of(URI.create(name)) : Path.of(name);
        } catch (IllegalArgumentException | java.nio.file.FileSystemNotFoundException malformed) {
            return null;
        }
    }

    private static @Nullable Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException | SecurityException absent) {
            return null;
        }
    }

    private static List<Path> expand(Path pattern, List<Path> roots) {
        if (!isGlob(pattern.toString())) {
            // The parent is looked at first, so that the answer says nothing about files outside the allowed
            // directories.
            Path parent = pattern.getParent() == null ? null : real(pattern.getParent());
            return parent != null && roots.stream().anyMatch(parent::startsWith) && Files.exists(pattern)
                    ? List.of(pattern)
                    : List.of();
        }
        Path base = fixedPart(pattern.toString());
        Path start = real(base);
        if (start == null || roots.stream().noneMatch(start::startsWith)) {
            return List.of();
        }
        try {
            PathMatcher matcher =
                    FileSystems.getDefault().getPathMatcher("glob:" + start + "/" + base.relativize(pattern));
            int depth = pattern.toString().contains("**") ? 64 : pattern.getNameCount() - base.getNameCount();
            try (Stream<Path> walk = Files.walk(start, depth)) {
                return walk.filter(matcher::matches)
                        .filter(path -> !Files.isDirectory(path))
                        .sorted()
                        .limit(MOST + 1L)
                        .toList();
            }
        } catch (IOException
                | java.io.UncheckedIOException
                | InvalidPathException
                | java.util.regex.PatternSyntaxException unreadable) {
            return List.of();
        }
    }

    /** The directory that a glob begins in: what stands before its first part with a wildcard. */
    static Path fixedPart(String pattern) {
        Path path = Path.of(pattern);
        Path base = path.isAbsolute() ? path.getRoot() : Path.of("");
        for (Path part : path) {
            if (isGlob(part.toString())) {
                break;
            }
            base = base.resolve(part);
        }
        return base;
    }

    static boolean isGlob(String text) {
        return text.chars().anyMatch(c -> c == '*' || c == '?' || c == '[' || c == '{');
    }
}
