package io.quarry.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LocalSettingsTest {
    private static final Machine MACHINE = new Machine(16L << 30, 8);

    @Test
    void workersShareTheMachine() {
        LocalSettings settings = of(Map.of("workers", "4"));

        assertThat(settings.get("worker.memory.bytes")).isEqualTo(Long.toString(2L << 30));
        assertThat(settings.get("worker.cpu.millis")).isEqualTo("2000");
    }

    @Test
    void oneWorkerLeavesRoomForOthersOnALargeMachine() {
        assertThat(of(Map.of()).get("worker.memory.bytes")).isEqualTo(Long.toString(4L << 30));
    }

    @Test
    void unknownSettingsArePassedOn() {
        assertThat(of(Map.of("engine.catalog", "/c.yaml")).passed()).containsEntry("engine.catalog", "/c.yaml");
    }

    @Test
    void brokerAndRegistryAreOwnUnlessNamed() {
        assertThat(of(Map.of()).hasOwnBroker()).isTrue();
        assertThat(of(Map.of("bootstrap.servers", "kafka:9092")).hasOwnBroker()).isFalse();
        assertThat(of(Map.of("schema.registry.url", "http://registry")).hasOwnRegistry())
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "workers, -1, must be a whole number from 0 to 64",
        "workers, many, must be a whole number from 0 to 64",
        "broker.port, 65536, must be a whole number from 0 to 65535",
        "registry.port, x, must be a whole number from 0 to 65535",
        "worker.cpu.millis, 0, 'must be a whole number, at least 1'",
        "worker.memory.bytes, 1000, 'must be a whole number, at least 536870912'",
        "workers.stop.grace.ms, -5, must be a whole number from 0 to 86400000",
    })
    void aBadValueIsRefusedWithNameValueAndRule(String name, String value, String rule) {
        assertThatThrownBy(() -> of(Map.of(name, value)))
                .isInstanceOf(SettingException.class)
                .hasMessage("Setting " + name + " = '" + value + "': " + rule);
    }

    private static LocalSettings of(Map<String, String> given) {
        return LocalSettings.of(Path.of("data"), given, MACHINE);
    }
}
