package io.quarry.local;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a JVM that this one starts gets its classes from: a class path and, where the build left one for this JDK beside its
 * jar, the archive that halves a start. The archive is never needed. One that does not fit, since the jar or the JDK is
 * another one, is ignored by the JVM without a word.
 *
 * @param classPath absolute, so that it does not depend on the current directory
 * @param options of the JVM; none without an archive
 */
public record ChildClasses(String classPath, List<String> options) {
    private static final Path JAR = Path.of("quarry.jar");

    public ChildClasses {
        options = List.copyOf(options);
    }

    /** The classes of this JVM, for one of the same JDK. */
    public static ChildClasses ofThisProcess() {
        return of(System.getProperty("java.class.path"));
    }

    /** The same with another class path. */
    public static ChildClasses of(String classPath) {
        return of(classPath, System.getProperty("java.version"));
    }

    static ChildClasses of(String classPath, String javaVersion) {
        List<Path> entries = Stream.of(classPath.split(File.pathSeparator, -1))
                .filter(entry -> !entry.isEmpty())
                .map(entry -> Path.of(entry).toAbsolutePath())
                .toList();
        for (int i = 0; i < entries.size(); i++) {
            Path entry = entries.get(i);
            Path archive = archive(entry.resolveSibling("."), javaVersion).normalize();
            if (JAR.equals(entry.getFileName()) && Files.isRegularFile(archive)) {
                return new ChildClasses(
                        joined(first(entry, entries)),
                        // What the JVM has to say of an archive that does not fit would stand in the program's output.
                        List.of("-XX:SharedArchiveFile=" + archive, "-Xshare:auto", "-Xlog:cds*=off"));
            }
            if (!Files.isDirectory(entry)) {
                break;
            }
        }
        return new ChildClasses(joined(entries), List.of());
    }

    /** Where the archive for a JDK lies: each JDK can only use its own. */
    public static Path archive(Path directory, String javaVersion) {
        return directory.resolve("classes-" + javaVersion + ".jsa");
    }

    /** An archive serves a class path that begins as its own does: directories, of handlers say, come behind. */
    private static List<Path> first(Path jar, List<Path> entries) {
        List<Path> ordered = new ArrayList<>(entries);
        ordered.remove(jar);
        ordered.add(0, jar);
        return ordered;
    }

    private static String joined(List<Path> entries) {
        return entries.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }
}
