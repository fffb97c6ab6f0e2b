package io.quarry.local;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** A local mode in a process of its own, for a test to kill: prints its worker's pid when it is up. */
final class KilledMain {
    private KilledMain() {}

    public static void main(String[] args) throws IOException {
        LocalMode local = LocalMode.start(
                LocalSettings.of(Path.of(args[0]), Map.of("lease.ticks", "100000"), new Machine(4L << 30, 2)));
        System.out.println(local.workers().get(0).pid().orElseThrow());
        int unused = System.in.read();
    }
}
