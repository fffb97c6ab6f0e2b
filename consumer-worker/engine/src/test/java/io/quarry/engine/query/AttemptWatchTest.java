package io.quarry.engine.query;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Job;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AttemptWatchTest {
    @TempDir
    Path root;

    @Test
    void aProcessFarAboveItsMemoryWhoseEngineDoesNotHeedTheInterruptIsAbandoned() throws Exception {
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
                Statement deaf = connection.createStatement()) {
            isAbandoned(deaf);
        }
    }

    @Test
    void soIsOneWhoseEngineWaitsForStorageAndKeepsWhoSpeaksToItWaiting() throws Exception {
        try (SilentStorage storage = new SilentStorage(root)) {
            isAbandoned(storage.statement());
        }
    }

    private void isAbandoned(Statement deaf) throws InterruptedException {
        CountDownLatch abandoned = new CountDownLatch(1);
        Attempt attempt = new Attempt(root, Job.newBuilder().setId("a").build()) {
            @Override
            public void abandon() {
                abandoned.countDown();
            }
        };
        ProcessMemory huge = new ProcessMemory() {
            @Override
            public long resident() {
                return 5L << 30;
            }

            @Override
            public long peak() {
                return 5L << 30;
            }

            @Override
            public void resetPeak() {}
        };
        Interruption interruption = new Interruption();
        interruption.begin(deaf);
        try (AttemptWatch watch = AttemptWatch.start(attempt, huge, interruption, root)) {
            assertThat(abandoned.await(30, TimeUnit.SECONDS)).isTrue();
            assertThat(watch.peakBytes()).isEqualTo(5L << 30);
        }
        assertThat(interruption.reason()).isEqualTo(Interruption.Reason.OVER_MEMORY);
    }
}
