package io.quarry.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarry.avro.WorkerPhase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadyFileTest {
    private final List<String> said = new ArrayList<>();
    private final Presence next = new Presence() {
        @Override
        public void say(WorkerPhase phase) {
            said.add(phase.toString());
        }

        @Override
        public void gone() {
            said.add("gone");
        }
    };

    @Test
    void aWorkerIsReadyUntilItIsDrainedAndAPauseOrAJobChangesNothing(@TempDir Path directory) {
        Path file = directory.resolve("ready");

        Presence presence = ReadyFile.begin(file, next);
        assertThat(file)
                .as("before its first poll, which may bring a job of hours")
                .exists();
        presence.say(WorkerPhase.READY);
        presence.say(WorkerPhase.PAUSED);
        assertThat(file).exists();
        presence.say(WorkerPhase.DRAINED);
        assertThat(file).doesNotExist();
        presence.say(WorkerPhase.DRAINED);
        presence.gone();

        assertThat(said).containsExactly("READY", "PAUSED", "DRAINED", "DRAINED", "gone");
    }

    @Test
    void aWorkerThatLeavesIsNotReadyAndTheNextOneOfItsPlaceIs(@TempDir Path directory) {
        Path file = directory.resolve("ready");
        ReadyFile.begin(file, next).gone();
        assertThat(file).doesNotExist();

        Presence unused = ReadyFile.begin(file, next);
        Presence again = ReadyFile.begin(file, next);
        assertThat(Files.exists(file)).as("one that was killed left its file").isTrue();
        again.gone();
        assertThat(file).doesNotExist();
    }

    @Test
    void aFileThatCannotBeMadeIsNamed(@TempDir Path directory) {
        assertThatThrownBy(() -> ReadyFile.begin(directory.resolve("nowhere").resolve("ready"), next))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("worker.ready.file");
    }
}
