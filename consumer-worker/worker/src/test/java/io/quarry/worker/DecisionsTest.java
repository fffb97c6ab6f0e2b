package io.quarry.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.Outcome;
import io.quarry.worker.Deadlines.Due;
import io.quarry.worker.Deadlines.Vitals;
import io.quarry.worker.Ending.Result;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** What a worker decides without any I/O. */
class DecisionsTest {
    private static final long SECOND = 1_000_000_000L;
    private static final Deadlines DEADLINES =
            new Deadlines(Duration.ofSeconds(5), Duration.ofSeconds(10), Duration.ofSeconds(30));
    private static final Ending.Circumstances KNOWN = new Ending.Circumstances(
            "w", Duration.ofSeconds(7), Duration.ofSeconds(6), Duration.ofSeconds(30), 256L << 20);
    private static final Map<String, String> GOOD = Map.of(
            "bootstrap.servers", "localhost:9092",
            "worker.name", "w",
            "worker.memory.bytes", "1073741824",
            "worker.cpu.millis", "2500",
            "worker.scratch.dir", "/tmp/s",
            "worker.datasets.dir", "/tmp/d");

    @Test
    void nobodyIsToldOfAFencedOrACancelledAttempt() {
        Result done = new Result.Done(null);

        assertThat(Ending.of(done, StopReason.FENCED, KNOWN)).isEmpty();
        assertThat(Ending.of(done, StopReason.CANCELLED, KNOWN)).isEmpty();
    }

    @Test
    void resultWithoutACertainClaimIsGivenBack() {
        assertThat(Ending.of(new Result.Done(null), StopReason.CLAIM_LOST, KNOWN))
                .hasValueSatisfying(ending -> {
                    assertThat(ending.outcome()).isEqualTo(Outcome.HANDED_BACK);
                    assertThat(causeOf(ending).getType()).isEqualTo(CauseType.BROKER_UNREACHABLE);
                });
    }

    @Test
    void everyStopHasItsCauseAndEvidence() {
        Result interrupted = new Result.Interrupted();

        assertThat(Ending.of(interrupted, StopReason.RUN_DEADLINE, KNOWN)).hasValueSatisfying(ending -> {
            assertThat(causeOf(ending).getType()).isEqualTo(CauseType.RUN_DEADLINE);
            assertThat(causeOf(ending).getEvidence())
                    .containsOnly(
                            Map.entry("timeout_ms", "6000"), Map.entry("ran_ms", "7000"), Map.entry("worker", "w"));
        });
        assertThat(Ending.of(interrupted, StopReason.LEASE_OUT, KNOWN)).hasValueSatisfying(ending -> {
            assertThat(ending.outcome()).isEqualTo(Outcome.RETRIABLE);
            assertThat(causeOf(ending).getType()).isEqualTo(CauseType.BROKER_UNREACHABLE);
            assertThat(causeOf(ending).getEvidence()).containsEntry("lease_ms", "30000");
        });
    }

    @Test
    void crashSaysWhatWasThrownAndWhere() {
        Exception thrown = new IllegalStateException("boom");

        assertThat(Ending.of(new Result.Crashed(thrown), null, KNOWN)).hasValueSatisfying(ending -> {
            assertThat(causeOf(ending).getEvidence())
                    .containsEntry("exception", "java.lang.IllegalStateException")
                    .hasEntrySatisfying("at", at -> assertThat(at).contains("DecisionsTest.java"));
        });
        assertThat(Ending.of(new Result.Crashed(new OutOfMemoryError("Java heap space")), null, KNOWN))
                .hasValueSatisfying(ending -> {
                    assertThat(causeOf(ending).getType()).isEqualTo(CauseType.MEMORY_LIMIT);
                    assertThat(causeOf(ending).getEvidence()).containsEntry("limit_bytes", "268435456");
                });
    }

    @Test
    void resultThatWasReadyInSpiteOfTheStopCounts() {
        assertThat(Ending.of(new Result.Done(null), StopReason.HANDED_BACK, KNOWN))
                .hasValueSatisfying(ending -> assertThat(ending.outcome()).isEqualTo(Outcome.SUCCEEDED));
    }

    @Test
    void namedFailureIsRetriableByItsClassOfCause() {
        for (CauseType type : CauseType.values()) {
            Outcome expected = Ending.retriable(type) ? Outcome.RETRIABLE : Outcome.FAILED;

            assertThat(Ending.of(new Result.Failed(new Cause(type, "m", Map.of())), null, KNOWN))
                    .hasValueSatisfying(ending -> assertThat(ending.outcome()).isEqualTo(expected));
        }
    }

    @Test
    void effectfulHandlerStopsBeforeItsLeaseCanEndAndHaltsIfItDoesNot() {
        Vitals cutOff = new Vitals(0, 20 * SECOND, 0, OptionalLong.empty(), true, null);
        Vitals stopped = new Vitals(0, 20 * SECOND, 0, OptionalLong.of(18 * SECOND), true, null);

        assertThat(DEADLINES.due(cutOff, 17 * SECOND)).isNotEqualTo(Due.STOP_LEASE);
        assertThat(DEADLINES.due(cutOff, 18 * SECOND)).isEqualTo(Due.STOP_LEASE);
        assertThat(DEADLINES.due(stopped, 27 * SECOND)).isEqualTo(Due.HALT);
    }

    @Test
    void pureHandlerRunsOnWithoutTheBroker() {
        Vitals cutOff = new Vitals(0, 3_600 * SECOND, 0, OptionalLong.empty(), false, null);

        assertThat(DEADLINES.due(cutOff, 3_601 * SECOND)).isEqualTo(Due.NOTHING);
    }

    @Test
    void timeoutIsLeftToTheLifecycleForTwoHeartbeats() {
        Vitals running = new Vitals(0, 65 * SECOND, 0, OptionalLong.empty(), false, Duration.ofSeconds(60));

        assertThat(DEADLINES.due(running, 69 * SECOND)).isEqualTo(Due.NOTHING);
        assertThat(DEADLINES.due(running, 70 * SECOND)).isEqualTo(Due.STOP_RUN_DEADLINE);
    }

    @Test
    void threadsAreWholeCores() {
        assertThat(new WorkerSize(2500, 1, 1).threads()).isEqualTo(3);
        assertThat(new WorkerSize(1, 1, 1).threads()).isEqualTo(1);
    }

    @Test
    void badSettingIsNamedWithItsValueAndRule() {
        assertThatThrownBy(() -> WorkerSettings.of(with("worker.memory.bytes", "1000")))
                .hasMessage("setting worker.memory.bytes is '1000': must be at least 268435456");
        assertThatThrownBy(() -> WorkerSettings.of(with("worker.cpu.millis", "two")))
                .hasMessageContaining("worker.cpu.millis is 'two'");
        assertThatThrownBy(() -> WorkerSettings.of(with("worker.on.stop", "later")))
                .hasMessageContaining("must be finish or hand-back");
        assertThatThrownBy(() -> WorkerSettings.of(with("engine.catalog", "/nowhere/catalog.yaml")))
                .hasMessageContaining("engine.catalog is '/nowhere/catalog.yaml'");
        assertThatThrownBy(() -> WorkerSettings.of(with("worker.heartbeat.ms", "20000")))
                .hasMessageContaining("must be at most a third of lease.ticks");
        assertThatThrownBy(() -> WorkerSettings.of(with("worker.scratch.dir", "")))
                .hasMessageContaining("worker.scratch.dir is missing");
    }

    private static Cause causeOf(Ending ending) {
        return Objects.requireNonNull(ending.cause());
    }

    private static Map<String, String> with(String name, String value) {
        Map<String, String> settings = new HashMap<>(GOOD);
        settings.put(name, value);
        return settings;
    }
}
