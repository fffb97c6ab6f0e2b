package io.quarry.local.cli;

import io.quarry.local.ChildClasses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The command in a process of its own, with a home and a temporary directory of its own.
 *
 * @param home its home directory; everything that it starts names it on its command line
 * @param tmp its directory for temporary files
 * @param out what it writes to standard output
 * @param err what it writes to standard error
 */
record QuarryProcess(Process process, Path home, Path tmp, Path out, Path err) {
    static QuarryProcess start(Path directory, String... arguments) throws IOException {
        return start(directory, List.of(), arguments);
    }

    /** As a shell starts it: at the head of a process group of its own, which is what a terminal's Ctrl-C goes to. */
    static QuarryProcess startAtTerminal(Path directory, String... arguments) throws IOException {
        return start(directory, List.of("setsid"), arguments);
    }

    private static QuarryProcess start(Path directory, List<String> before, String... arguments) throws IOException {
        Path home = Files.createDirectories(directory.resolve("home"));
        Path tmp = Files.createDirectories(directory.resolve("tmp"));
        List<String> command = new ArrayList<>(before);
        ChildClasses classes = ChildClasses.ofThisProcess();
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx320m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-Djava.io.tmpdir=" + tmp,
                "-Dquarry.checkout=" + Path.of("../..").toAbsolutePath().normalize()));
        command.addAll(classes.options());
        command.addAll(List.of("-cp", classes.classPath(), QuarryMain.class.getName()));
        command.addAll(List.of(arguments));
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().put("HOME", home.toString());
        builder.environment().keySet().removeIf(name -> name.startsWith("QUARRY_"));
        return new QuarryProcess(builder.start(), home, tmp, out, err);
    }

    String stdout() throws IOException {
        return Files.readString(out);
    }

    String stderr() throws IOException {
        return Files.readString(err);
    }

    /** What Ctrl-C sends. */
    void interrupt() throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
    }

    /** What Ctrl-C at a terminal sends: the signal to the whole process group. */
    void interruptGroup() throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-INT", "--", "-" + process.pid()).start().waitFor();
    }

    int exitWithin(int seconds) throws IOException, InterruptedException {
        if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("it did not end within " + seconds + " s; it said:\n" + stderr());
        }
        return process.exitValue();
    }

    /** Processes that it started, or their children, and that are still there. */
    List<String> leftProcesses() {
        return ProcessHandle.allProcesses()
                .filter(other -> other.pid() != ProcessHandle.current().pid())
                .map(other -> other.info().commandLine().orElse(""))
                .filter(line -> (line.contains(home.toString()) || line.contains(tmp.toString()))
                        && line.contains("io.quarry."))
                .toList();
    }

    /** Files below a directory, relative to it. */
    static List<String> files(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> all = Files.walk(directory)) {
            return all.filter(Files::isRegularFile)
                    .map(file -> directory.relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }
}
