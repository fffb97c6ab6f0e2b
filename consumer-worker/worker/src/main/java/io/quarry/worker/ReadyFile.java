package io.quarry.worker;

import io.quarry.avro.WorkerPhase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that is there from the start of the worker until it is drained or leaves, busy or not: what a pod's readiness is told by.
 * Where pods are taken away those that are not ready go first.
 */
final class ReadyFile implements Presence {
    private static final Logger LOG = LoggerFactory.getLogger(ReadyFile.class);

    private final Path file;
    private final Presence next;

    private ReadyFile(Path file, Presence next) {
        this.file = file;
        this.next = next;
    }

    /**
     * Makes the file; what is said afterwards goes on to the next.
     *
     * @throws SettingException when it cannot be made
     */
    static Presence begin(Path file, Presence next) {
        try {
            Files.deleteIfExists(file);
            Files.createFile(file);
        } catch (IOException e) {
            throw new SettingException("worker.ready.file", file.toString(), "must be a file that can be made: " + e);
        }
        return new ReadyFile(file, next);
    }

    @Override
    public void say(WorkerPhase phase) {
        if (phase == WorkerPhase.DRAINED) {
            remove();
        }
        next.say(phase);
    }

    @Override
    public void gone() {
        remove();
        next.gone();
    }

    private void remove() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.atWarn().addKeyValue("reason", e.toString()).log("worker looks ready although it is not");
        }
    }
}
