package io.quarry.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.schemas.provision.TopicProvisioner;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StartGroupTest {
    private static final ResourceGroup OWN = ResourceGroup.newBuilder()
            .setName("default")
            .setWorker(new Resources(2000L, 4L << 30, 8L << 30))
            .build();
    private static final ResourceGroup OPERATORS = ResourceGroup.newBuilder()
            .setName("default")
            .setWorker(new Resources(500L, 1L << 30, 2L << 30))
            .setMinWorkers(0)
            .setMaxWorkers(5)
            .setTimeoutMs(7)
            .setChangedBy("ada")
            .build();

    @Test
    void aNewGroupIsAsTheStartIsSet() {
        assertThat(StartGroup.of(null, OWN, Map.of("workers", "3"))).hasValueSatisfying(row -> {
            assertThat(row.getWorker()).isEqualTo(OWN.getWorker());
            assertThat(row.getMinWorkers()).isEqualTo(3);
            assertThat(row.getMaxWorkers()).isEqualTo(3);
        });
    }

    @Test
    void anEarlierStartsSizeGoes() {
        ResourceGroup earlier = ResourceGroup.newBuilder(OPERATORS)
                .setChangedBy(TopicProvisioner.SELF)
                .build();
        assertThat(StartGroup.of(earlier, OWN, Map.of("workers", "1"))).hasValueSatisfying(row -> {
            assertThat(row.getWorker()).isEqualTo(OWN.getWorker());
            assertThat(row.getMaxWorkers()).isEqualTo(1);
            assertThat(row.getTimeoutMs()).isEqualTo(7);
        });
    }

    @Test
    void anOperatorsRowStaysWhereNothingIsGiven() {
        assertThat(StartGroup.of(OPERATORS, OWN, Map.of("workers", "1", StartGroup.GIVEN, "")))
                .isEmpty();
    }

    @Test
    void ofAnOperatorsRowOnlyWhatIsGivenChanges() {
        assertThat(StartGroup.of(OPERATORS, OWN, Map.of("workers", "2", StartGroup.GIVEN, "workers")))
                .contains(ResourceGroup.newBuilder(OPERATORS)
                        .setMinWorkers(2)
                        .setMaxWorkers(2)
                        .build());
        assertThat(StartGroup.of(
                        OPERATORS,
                        OWN,
                        Map.of("workers", "1", StartGroup.GIVEN, "worker.cpu.millis,worker.memory.bytes")))
                .contains(ResourceGroup.newBuilder(OPERATORS)
                        .setWorker(new Resources(2000L, 4L << 30, 2L << 30))
                        .build());
    }

    @Test
    void theSettingsSayWhatWasGiven() {
        LocalSettings settings = LocalSettings.of(
                Path.of("data"),
                Map.of("worker.memory.bytes", "1073741824", "workers", "2"),
                new Machine(16L << 30, 8));
        assertThat(settings.get(StartGroup.GIVEN)).isEqualTo("worker.memory.bytes,workers");
    }
}
