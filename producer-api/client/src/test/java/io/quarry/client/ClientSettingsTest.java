package io.quarry.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClientSettingsTest {
    @Test
    void withoutMoreThanBrokersTheDefaultsHold() {
        ClientSettings settings = ClientSettings.of(Map.of("bootstrap.servers", "localhost:9092"));
        assertThat(settings.submitTimeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(settings.topics().jobs("default")).isEqualTo("quarry.jobs.default");
    }

    @Test
    void whatMakesASubmitDurableCannotBeSetOtherwise() {
        Map<String, Object> producer = ClientSettings.of(Map.of(
                        "bootstrap.servers",
                        "localhost:9092",
                        "acks",
                        "0",
                        "enable.idempotence",
                        "false",
                        "linger.ms",
                        "500"))
                .producer();
        assertThat(producer)
                .containsEntry("acks", "all")
                .containsEntry("enable.idempotence", true)
                .containsEntry("linger.ms", 0)
                .containsEntry("batch.size", 0);
    }

    @Test
    void kafkasOwnSettingsPassThroughAndOthersDoNot() {
        ClientSettings settings = ClientSettings.of(Map.of(
                "bootstrap.servers",
                "localhost:9092",
                "sasl.mechanism",
                "PLAIN",
                "group.id",
                "mine",
                "isolation.level",
                "read_uncommitted",
                "topic.prefix",
                "x.",
                "schema.registry.url",
                "http://localhost:8081"));
        assertThat(settings.producer()).containsEntry("sasl.mechanism", "PLAIN").doesNotContainKey("topic.prefix");
        assertThat(settings.consumer())
                .containsEntry("sasl.mechanism", "PLAIN")
                .containsEntry("isolation.level", "read_committed")
                .doesNotContainKeys("group.id", "schema.registry.url");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "soon", "", "1.5", "99999999999"})
    void aTimeoutThatIsNoneIsRefusedWithItsName(String value) {
        assertThatThrownBy(() ->
                        ClientSettings.of(Map.of("bootstrap.servers", "localhost:9092", "submit.timeout.ms", value)))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("submit.timeout.ms");
    }

    @Test
    void missingBrokersAreRefusedByName() {
        assertThatThrownBy(() -> ClientSettings.of(Map.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("bootstrap.servers");
    }
}
