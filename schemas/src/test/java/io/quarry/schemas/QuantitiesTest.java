package io.quarry.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantitiesTest {
    @ParameterizedTest
    @CsvSource({
        "1024, 1024",
        "1Ki, 1024",
        "450Gi, 483183820800",
        "1.5Gi, 1610612736",
        "1.5G, 1500000000",
        "2e3, 2000",
        "2E3, 2000",
        "1E, 1000000000000000000",
        "100m, 1",
        "' 1Mi ', 1048576",
        "+5k, 5000",
        "7Ei, 8070450532247928832"
    })
    void bytesAreReadAsKubernetesReadsThem(String text, long bytes) {
        assertThat(Quantities.bytes(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "0Gi, 0", "0.0, 0", "1Ki, 1024"})
    void whatMayBeLeftOutMayBeNothing(String text, long bytes) {
        assertThat(Quantities.bytesOrNone(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource({"2, 2000", "2500m, 2500", "2.5, 2500", "0.1, 100", "1k, 1000000", "1u, 1"})
    void cpuIsReadAsKubernetesReadsIt(String text, long millis) {
        assertThat(Quantities.cpuMillis(text)).isEqualTo(millis);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "Gi", "1 Gi", "1gb", "1GB", "-1", "0", "0Ki", "1e", "ten", "8Ei", "1e99", "NaN", "1,5Gi"})
    void whatIsNoAmountIsRefusedWithItsText(String text) {
        assertThatThrownBy(() -> Quantities.bytes(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + text + "'");
    }

    @Test
    void whatIsWrittenReadsBack() {
        Random random = new Random(7);
        for (int i = 0; i < 10_000; i++) {
            long amount =
                    1 + (random.nextLong() >>> 1 >>> random.nextInt(60) << random.nextInt(20) & Long.MAX_VALUE >> 2);
            assertThat(Quantities.bytes(Quantities.formatBytes(amount))).isEqualTo(amount);
            long millis = amount >> 12 | 1;
            assertThat(Quantities.cpuMillis(Quantities.formatCpu(millis))).isEqualTo(millis);
        }
        assertThat(Quantities.formatBytes(450L << 30)).isEqualTo("450Gi");
        assertThat(Quantities.formatCpu(2500)).isEqualTo("2500m");
        assertThat(Quantities.formatCpu(2000)).isEqualTo("2");
    }
}
