package io.quarry.local;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The command line of a worker process. */
public final class WorkerCommand {
    private static final long MIB = 1L << 20;

    private WorkerCommand() {}

    /**
     * The program that starts another one in a session of its own and becomes it, where the machine has it. A terminal sends
     * Ctrl-C to all processes of its session: workers would get it beside being asked by local mode, and a second request
     * means at once.
     */
    public static Optional<Path> setsid() {
        return Stream.of(Path.of("/usr/bin/setsid"), Path.of("/bin/setsid"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** The same program as this process, in a session of its own where the machine has that. */
    static List<String> likeThisProcess(long heapBytes, Path tmp, String mainClass, Path settingsFile) {
        return of(
                setsid(),
                Path.of(System.getProperty("java.home")),
                ChildClasses.ofThisProcess(),
                heapBytes,
                tmp,
                mainClass,
                settingsFile);
    }

    /**
     * Program and arguments.
     *
     * @param ownSession what {@link #setsid} says, or empty to stay in the session of the terminal
     */
    public static List<String> of(
            Optional<Path> ownSession,
            Path javaHome,
            ChildClasses classes,
            long heapBytes,
            Path tmp,
            String mainClass,
            Path settingsFile) {
        List<String> command = new ArrayList<>();
        ownSession.ifPresent(setsid -> command.add(setsid.toString()));
        command.add(javaHome.resolve("bin").resolve("java").toString());
        command.add("-Xms32m");
        command.add("-Xmx" + heapBytes / MIB + "m");
        command.add("-XX:+UseSerialGC");
        command.add("-XX:+ExitOnOutOfMemoryError");
        // A process that is killed would leave its performance data in the machine's temporary directory.
        command.add("-XX:-UsePerfData");
        command.add("-Djava.io.tmpdir=" + tmp);
        // DuckDB, RocksDB and zstd are native; JDK 17 knows the option and needs it not, later ones warn without it.
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(classes.options());
        command.add("-cp");
        command.add(classes.classPath());
        command.add(mainClass);
        command.add(settingsFile.toString());
        return List.copyOf(command);
    }
}
