package io.quarry.local;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What a worker process is started with, each time anew.
 *
 * @param name the worker's name
 * @param command its command line
 * @param environment variables of its own, beside those of local mode
 * @param log file that its output goes to
 * @param tmp its temporary directory
 * @param pidFile file that names its process while there is one
 * @param scratch its {@code worker.scratch.dir}
 * @param memoryBytes its {@code worker.memory.bytes}
 * @param finishes whether the process finishes its job when it is to stop, instead of handing it back
 */
record WorkerSlot(
        String name,
        List<String> command,
        Map<String, String> environment,
        Path log,
        Path tmp,
        Path pidFile,
        Path scratch,
        long memoryBytes,
        boolean finishes) {
    WorkerSlot {
        command = List.copyOf(command);
        environment = Map.copyOf(environment);
    }
}
