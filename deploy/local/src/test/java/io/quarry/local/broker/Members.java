package io.quarry.local.broker;

import io.quarry.local.ChildClasses;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Three brokers in processes of their own. */
public final class Members implements AutoCloseable {
    private static final int MEMBERS = 3;

    private final Path directory;
    private final List<Integer> ports = new ArrayList<>();
    private final List<Process> processes = new ArrayList<>();

    private Members(Path directory) {
        this.directory = directory;
    }

    /** Starts all of them; they are up when a client finds them so. */
    public static Members start(Path directory) throws IOException {
        Members members = new Members(directory);
        List<ServerSocket> sockets = new ArrayList<>();
        for (int i = 0; i < 2 * MEMBERS; i++) {
            sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
        }
        for (ServerSocket socket : sockets) {
            members.ports.add(socket.getLocalPort());
            socket.close();
        }
        for (int node = 1; node <= MEMBERS; node++) {
            members.processes.add(members.launch(node));
        }
        return members;
    }

    public String bootstrapServers() {
        return ports.subList(0, MEMBERS).stream()
                .map(port -> "127.0.0.1:" + port)
                .collect(Collectors.joining(","));
    }

    public int number() {
        return MEMBERS;
    }

    /** Stops one in order, and starts it again when it is gone. */
    public void restart(int node) throws IOException, InterruptedException {
        Process old = processes.get(node - 1);
        // SIGTERM: it hands its partitions over.
        old.destroy();
        if (!old.waitFor(60, TimeUnit.SECONDS)) {
            throw new IOException("broker " + node + " does not stop");
        }
        processes.set(node - 1, launch(node));
    }

    private Process launch(int node) throws IOException {
        Path home = directory.resolve("broker-" + node);
        Files.createDirectories(home);
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData"));
        ChildClasses classes = ChildClasses.ofThisProcess();
        command.addAll(classes.options());
        command.addAll(List.of(
                "-cp",
                classes.classPath(),
                MemberMain.class.getName(),
                home.resolve("data").toString(),
                Integer.toString(node),
                Integer.toString(ports.get(node - 1))));
        ports.subList(MEMBERS, 2 * MEMBERS).forEach(port -> command.add(Integer.toString(port)));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(
                        ProcessBuilder.Redirect.appendTo(home.resolve("log").toFile()))
                .start();
    }

    @Override
    public void close() {
        processes.forEach(Process::destroyForcibly);
        processes.forEach(
                process -> process.onExit().orTimeout(20, TimeUnit.SECONDS).join());
    }
}
