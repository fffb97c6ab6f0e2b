package io.quarry.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SchedulerSettingsTest {
    private static final Map<String, String> LEAST = Map.of("bootstrap.servers", "localhost:9092");

    /** Those of the topics, too, before anything is begun: no broker is asked. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "lease.ticks | 1 | must be a whole number of at least 2",
                "replication.factor | many | must be a whole number",
                "replication.factor | 10 | must be from 1 to 9",
                "job.events.partitions | 0 | must be from 1 to 1000",
                "provision.timeout.ms | soon | must be a whole number",
                "worker.memory.bytes | -1 | must be from 1 to",
                "jobs.retention.ms | 9999999999999 | must be at most scheduler.retention.ms, which is 2592000000"
            })
    void aWrongSettingIsRefusedInOneLineWithNameValueAndRule(String name, String value, String rule) {
        Map<String, String> settings = new HashMap<>(LEAST);
        settings.put(name, value);
        assertThatThrownBy(() -> SchedulerProcess.start(settings))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(name + " is " + value + ": ")
                .hasMessageContaining(rule)
                .hasMessageNotContaining("\n");
    }

    @Test
    void aRegistryThatIsNotNamedIsRefusedBeforeAnythingIsBegun() {
        assertThatThrownBy(() -> SchedulerProcess.start(LEAST))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("schema.registry.url");
    }

    @Test
    void whatIsNotSaidHasItsDefault() {
        assertThat(SchedulerSettings.of(LEAST).provision().eventPartitions()).isEqualTo(12);
        assertThatThrownBy(() -> SchedulerSettings.of(Map.of())).hasMessageContaining("bootstrap.servers is not set");
    }
}
