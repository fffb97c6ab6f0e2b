package io.quarry.engine.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class InterruptionTest {
    @TempDir
    Path directory;

    @Test
    @Timeout(60)
    void whoInterruptsAStatementThatWaitsForStorageIsNotKeptWaiting() throws Exception {
        Interruption interruption = new Interruption();
        try (SilentStorage storage = new SilentStorage(directory)) {
            interruption.begin(storage.statement());

            assertTimeoutPreemptively(Duration.ofSeconds(10), () -> {
                interruption.because(Interruption.Reason.STOPPED);
                interruption.again();
            });

            assertThat(storage.waits()).isTrue();
            assertThat(interruption.reason()).isEqualTo(Interruption.Reason.STOPPED);
        }
    }
}
