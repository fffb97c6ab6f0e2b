package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class GroupExamplesTest {
    private static final Path EXAMPLES = Path.of("..", "examples", "groups");

    @Test
    void theUsualSetUpIsTakenAsItStands() throws Exception {
        assertThat(read("default.yaml").getWorker()).isEqualTo(new Resources(8000L, 16L << 30, 100L << 30));
        ResourceGroup large = read("large-jobs.yaml");
        assertThat(large.getWorker()).isEqualTo(new Resources(32000L, 450L << 30, 500L << 30));
        assertThat(large.getMinWorkers()).isZero();
    }

    private static ResourceGroup read(String name) throws Exception {
        return GroupFile.parse(Files.readString(EXAMPLES.resolve(name)), name);
    }
}
