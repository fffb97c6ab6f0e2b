package io.quarry.scheduler.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.scheduler.TestWire;
import io.quarry.scheduler.streams.Rereads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The names of both topologies, which are those of their changelogs: an update that changes them would begin with empty stores.
 * If this fails, the change has to be taken back or the data moved.
 */
class TopologyNamesTest {
    @Test
    void namesStoresAndEdgesStayWhatTheyWere() throws IOException {
        String names = new LifecycleTopology(Recording.SETTINGS, TestWire::new, () -> "", Map::of)
                        .get()
                        .describe()
                        .toString()
                + new IntakeTopology(Recording.SETTINGS, TestWire::new, Map::of, Map::of, new Rereads())
                        .get()
                        .describe();
        // The name of a lambda is the compiler's.
        names = names.replaceAll("Outgoing\\$\\$Lambda[^)]*", "…");
        Files.writeString(Path.of("target", "topologies.txt"), names);
        assertThat(names)
                .isEqualTo(Files.readString(Path.of("src", "test", "resources", "recorded", "topologies.txt")));
    }
}
