package io.quarry.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import org.junit.jupiter.api.Test;

class GroupRulesTest {
    @Test
    void aPlainGroupBreaksNoRule() {
        assertThat(GroupRules.check(group().build())).isEmpty();
    }

    @Test
    void everyBrokenRuleIsNamed() {
        ResourceGroup bad = group().setName("Big")
                .setWorker(new Resources(0L, null, 1L))
                .setMinWorkers(3)
                .setMaxWorkers(2)
                .setMaxAttempts(0)
                .setTimeoutMs(0)
                .setBackoffMs(10)
                .setMaxBackoffMs(9)
                .build();
        assertThat(GroupRules.check(bad))
                .extracting(Violation::field)
                .containsExactly(
                        "name",
                        "worker.memory_bytes",
                        "worker.cpu_millis",
                        "max_workers",
                        "max_attempts",
                        "timeout_ms",
                        "max_backoff_ms");
    }

    private static ResourceGroup.Builder group() {
        return ResourceGroup.newBuilder().setName("default").setWorker(new Resources(1000L, 1L << 30, 1L << 30));
    }
}
