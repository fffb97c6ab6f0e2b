package io.quarry.schemas.provision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProvisionSettingsTest {
    @Test
    void aWrongSettingIsRefusedWithItsNameAndRule() {
        for (Map<String, String> wrong : List.of(
                Map.of("job.events.partitions", "0"),
                Map.of("replication.factor", "many"),
                Map.of("jobs.retention.ms", "0"),
                Map.of("worker.memory.bytes", "-1"))) {
            String name = wrong.keySet().iterator().next();
            assertThatThrownBy(() -> ProvisionSettings.of(wrong))
                    .isInstanceOf(ProvisionException.class)
                    .hasMessageContaining(name);
        }
    }

    @Test
    void queuesAreNotKeptLongerThanFinalRows() {
        assertThatThrownBy(() ->
                        ProvisionSettings.of(Map.of("scheduler.retention.ms", "1000", "jobs.retention.ms", "1001")))
                .isInstanceOf(ProvisionException.class)
                .hasMessageContaining("scheduler.retention.ms");
        assertThat(ProvisionSettings.of(Map.of("scheduler.retention.ms", "1000"))
                        .jobsRetention())
                .hasMillis(1000);
    }

    @Test
    void onlyKafkaClientSettingsReachKafkaClients() {
        Map<String, String> settings = Map.of(
                "bootstrap.servers", "b:1",
                "security.protocol", "SSL",
                "ssl.truststore.type", "PEM",
                "sasl.mechanism", "PLAIN",
                "schema.registry.ssl.truststore.type", "JKS",
                "topic.prefix", "x.");
        assertThat(ProvisionSettings.of(settings).clientSettings())
                .containsOnlyKeys("bootstrap.servers", "security.protocol", "ssl.truststore.type", "sasl.mechanism");
    }
}
