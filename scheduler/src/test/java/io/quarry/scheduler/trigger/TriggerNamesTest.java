package io.quarry.scheduler.trigger;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.scheduler.TestWire;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * The names of the schedules' topology, which are those of its changelogs: an update that changes them would begin with empty stores.
 * If this fails, the change has to be taken back or the data moved.
 */
class TriggerNamesTest {
    @Test
    void namesStoresAndEdgesStayWhatTheyWere() throws IOException {
        String names = new TriggerTopology(ScheduleLog.SETTINGS, TestWire::new)
                .get()
                .describe()
                .toString()
                // The name of a lambda is the compiler's.
                .replaceAll("Outgoing\\$\\$Lambda[^)]*", "…");
        Files.writeString(Path.of("target", "trigger-topology.txt"), names);
        assertThat(names)
                .isEqualTo(Files.readString(Path.of("src", "test", "resources", "recorded", "trigger-topology.txt")));
    }
}
