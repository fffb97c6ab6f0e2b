package io.quarry.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Pause;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.SpillVolume;
import io.quarry.avro.Toleration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
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
                        "max_attempts",
                        "timeout_ms",
                        "max_backoff_ms",
                        "max_workers");
    }

    @Test
    void aTimeoutWhoseEndNoInstantCouldSayIsRefused() {
        assertThat(GroupRules.check(group().setTimeoutMs(Long.MAX_VALUE).build()))
                .extracting(Violation::field)
                .containsExactly("timeout_ms");
    }

    @Test
    void whatOnlyPodsUseIsCheckedWhereverItIsWritten() {
        ResourceGroup bad = group().setEngineMemoryShare(0.99)
                .setScanCacheBytes(1L << 30)
                .setLeaseMs(14_999L)
                .setTargetWaitMs(-1)
                .setLabels(Map.of("team", "-a"))
                .setServiceAccount("A")
                .setImage(" ")
                .setImagePullPolicy("Sometimes")
                .setEnvironment(Map.of("1A", "x"))
                .setTolerations(List.of(Toleration.newBuilder()
                        .setOperator("Exists")
                        .setValue("x")
                        .build()))
                .setSpillVolume(SpillVolume.newBuilder()
                        .setType("local-path")
                        .setPath("/a/../b")
                        .build())
                .setPaused(new Pause("", "", Instant.EPOCH, false))
                .build();
        assertThat(GroupRules.check(bad))
                .extracting(Violation::field)
                .containsExactly(
                        "engine_memory_share",
                        "scan_cache_bytes",
                        "lease_ms",
                        "target_wait_ms",
                        "labels.team",
                        "service_account",
                        "image",
                        "image_pull_policy",
                        "environment (a name)",
                        "tolerations[0].value",
                        "spill_volume.path",
                        "paused.by");
    }

    private static ResourceGroup.Builder group() {
        return ResourceGroup.newBuilder().setName("default").setWorker(new Resources(1000L, 1L << 30, 1L << 30));
    }
}
