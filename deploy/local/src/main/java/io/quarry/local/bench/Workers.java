package io.quarry.local.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** How the workers of a bench are started: small, with the bench's own handlers, and gone as soon as it is. */
final class Workers {
    static final long HEAP = 256L << 20;

    static final Map<String, String> SETTINGS = Map.of(
            "worker.memory.bytes", Long.toString(1L << 30),
            "worker.cpu.millis", "1000",
            "worker.spill.bytes", Long.toString(1L << 30),
            "worker.exit.on.stdin.eof", "true",
            "worker.on.stop", "hand-back");

    private Workers() {}

    /** The class path of this process behind a directory that names the bench's handlers. */
    static String classPath(Path home) throws IOException {
        Path handlers = home.resolve("handlers");
        Path services = handlers.resolve("META-INF").resolve("services");
        Files.createDirectories(services);
        Files.writeString(
                services.resolve("io.quarry.engine.JobHandler"),
                NoOpHandler.class.getName() + "\n" + HeldHandler.class.getName() + "\n");
        return handlers + File.pathSeparator + System.getProperty("java.class.path");
    }

    /** Writes the settings of one worker down; the argument of its process. */
    static String settings(Map<String, String> common, Path home, String name, String group) throws IOException {
        Map<String, String> own = new HashMap<>(common);
        own.put("resource.group", group);
        own.put("worker.name", name);
        own.put("worker.scratch.dir", home.resolve(name).resolve("scratch").toString());
        own.put("worker.datasets.dir", home.resolve("datasets").toString());
        return Child.settings(home.resolve(name), own);
    }
}
