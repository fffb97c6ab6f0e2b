package io.quarry.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.Outcome;
import io.quarry.avro.Source;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a dead worker leaves, and what is made of it. */
class DeathTest {
    private static final Instant THEN = Instant.ofEpochMilli(1_000_000);

    @TempDir
    private Path dir;

    @Test
    void whatWasInHandIsReadFromTheFileOfAProcessThatIsGone() {
        InHand worker = InHand.open(dir.resolve("w.in-hand"));
        Claim first = claim("a", 1);
        Claim second = claim("x".repeat(200), 3);
        worker.hold(first, THEN);
        worker.hold(second, THEN.plusMillis(5));
        worker.stopping(second.id(), StopReason.RUN_DEADLINE);

        assertThat(InHand.read(dir.resolve("w.in-hand")))
                .containsExactly(
                        new InHand.Held("a", 1, first.id(), THEN, null),
                        new InHand.Held("x".repeat(200), 3, second.id(), THEN.plusMillis(5), StopReason.RUN_DEADLINE));
    }

    @Test
    void whatWasLetGoIsNotInHand() {
        InHand worker = InHand.open(dir.resolve("w.in-hand"));
        Claim first = claim("a", 1);
        Claim second = claim("b", 1);
        worker.hold(first, THEN);
        worker.stopping(first.id(), StopReason.HANDED_BACK);
        worker.letGo(first.id());
        worker.letGo(first.id());
        worker.hold(second, THEN);

        assertThat(InHand.read(dir.resolve("w.in-hand")))
                .containsExactly(new InHand.Held("b", 1, second.id(), THEN, null));
    }

    @Test
    void moreClaimsThanThereIsRoomForAreLeftToTheirLeases() {
        InHand worker = InHand.open(dir.resolve("w.in-hand"));
        List<Claim> claims = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            claims.add(claim("j" + i, 1));
            worker.hold(claims.get(i), THEN);
        }
        claims.forEach(claim -> worker.letGo(claim.id()));
        worker.hold(claim("next", 1), THEN);

        assertThat(InHand.read(dir.resolve("w.in-hand")))
                .extracting(InHand.Held::jobId)
                .containsExactly("next");
    }

    @Test
    void aNewProcessHasNothingInHand() {
        InHand.open(dir.resolve("w.in-hand")).hold(claim("a", 1), THEN);

        InHand.open(dir.resolve("w.in-hand"));

        assertThat(InHand.read(dir.resolve("w.in-hand"))).isEmpty();
    }

    @Test
    void fileThatIsMissingOrCutOffNamesNoJob() throws Exception {
        Files.write(dir.resolve("cut"), new byte[100]);

        assertThat(InHand.read(dir.resolve("none"))).isEmpty();
        assertThat(InHand.read(dir.resolve("cut"))).isEmpty();
    }

    @Test
    void signalIsNamedWithItsNumberAndExitCode() {
        Cause killed = DeathCause.of(death(137, 0, false), null);

        assertThat(killed.getType()).isEqualTo(CauseType.WORKER_KILLED);
        assertThat(killed.getMessage()).contains("SIGKILL");
        assertThat(killed.getEvidence())
                .containsEntry("signal", "9")
                .containsEntry("signal_name", "SIGKILL")
                .containsEntry("exit_code", "137")
                .containsEntry("peak_memory_bytes", "77")
                .containsEntry("limit_bytes", "99")
                .containsEntry("log_tail", "first\nlast");
        assertThat(DeathCause.of(death(134, 0, false), null).getMessage()).contains("SIGABRT");
        assertThat(DeathCause.of(death(143, 0, false), null).getEvidence()).containsEntry("signal_name", "SIGTERM");
    }

    @Test
    void killBySignalNineIsOutOfMemoryOnlyWhenTheKernelCountedOne() {
        assertThat(DeathCause.of(death(137, 1, false), null).getType()).isEqualTo(CauseType.OOM_KILLED);
        assertThat(DeathCause.of(death(137, 1, false), null).getEvidence()).containsEntry("oom_kills", "1");
        // Another process of the same control group was killed, and this one ended otherwise.
        assertThat(DeathCause.of(death(134, 1, false), null).getType()).isEqualTo(CauseType.WORKER_KILLED);
        assertThat(DeathCause.of(death(137, 0, true), null).getType()).isEqualTo(CauseType.OOM_KILLED);
    }

    @Test
    void exitCodesOfTheWorkerHaveTheirMeaning() {
        assertThat(type(ExitCode.OUT_OF_MEMORY, null)).isEqualTo(CauseType.MEMORY_LIMIT);
        assertThat(type(ExitCode.FAULT, null)).isEqualTo(CauseType.INTERNAL_ERROR);
        assertThat(type(ExitCode.STUCK, StopReason.RUN_DEADLINE)).isEqualTo(CauseType.RUN_DEADLINE);
        assertThat(type(ExitCode.STUCK, StopReason.HANDED_BACK)).isEqualTo(CauseType.HANDED_BACK);
        assertThat(type(ExitCode.STUCK, StopReason.LEASE_OUT)).isEqualTo(CauseType.BROKER_UNREACHABLE);
        assertThat(type(ExitCode.OVER_MEMORY, StopReason.OVER_MEMORY)).isEqualTo(CauseType.MEMORY_LIMIT);
        assertThat(type(ExitCode.OVER_MEMORY, null)).isEqualTo(CauseType.MEMORY_LIMIT);
        assertThat(type(ExitCode.STUCK, StopReason.CANCELLED)).isEqualTo(CauseType.CANCELLED);
        assertThat(type(ExitCode.STUCK, null)).isEqualTo(CauseType.WORKER_KILLED);
        assertThat(type(0, null)).isEqualTo(CauseType.WORKER_KILLED);
        assertThat(DeathCause.of(death(3, 0, false), null).getMessage()).contains("exit code 3");
    }

    @Test
    void jvmThatExitsWhenItsHeapIsExhaustedIsKnownByItsLastWords() {
        Death death = new Death(
                3,
                0,
                false,
                OptionalLong.empty(),
                OptionalLong.empty(),
                List.of("something", "Terminating due to java.lang.OutOfMemoryError: Java heap space"));

        assertThat(DeathCause.of(death, null).getType()).isEqualTo(CauseType.MEMORY_LIMIT);
        assertThat(type(3, null)).isEqualTo(CauseType.WORKER_KILLED);
    }

    @Test
    void logTailKeepsItsEnd() {
        Death death = new Death(
                137, 0, false, OptionalLong.empty(), OptionalLong.empty(), List.of("x".repeat(5000), "the end"));

        assertThat(DeathCause.of(death, null).getEvidence().get("log_tail"))
                .hasSize(2000)
                .endsWith("the end");
    }

    @Test
    void everyJobInHandIsReportedAndNoneWhenThereIsNone() {
        UUID claim = UUID.randomUUID();
        List<InHand.Held> held = List.of(new InHand.Held("a", 2, claim, THEN, null));

        List<JobEvent> events = DeathNotice.of(held, death(137, 0, false), "w1", "supervisor/m", THEN.plusSeconds(3));

        assertThat(events).singleElement().satisfies(event -> {
            assertThat(event.getType()).isEqualTo(JobEventType.WORKER_DIED);
            assertThat(event.getJobId()).isEqualTo("a");
            assertThat(event.getAttempt()).isEqualTo(2);
            assertThat(event.getClaim()).isEqualTo(claim.toString());
            assertThat(event.getWorker()).isEqualTo("w1");
            assertThat(event.getCause().getEvidence())
                    .containsEntry("ran_ms", "3000")
                    .containsEntry("worker", "w1");
        });
        assertThat(DeathNotice.of(List.of(), death(137, 0, false), "w1", "supervisor/m", THEN))
                .isEmpty();
    }

    @Test
    void aWorkerThatDiedWhileItHandedBackHasHandedBack() {
        List<InHand.Held> held = List.of(new InHand.Held("a", 2, UUID.randomUUID(), THEN, StopReason.HANDED_BACK));

        assertThat(DeathNotice.of(held, death(137, 0, false), "w1", "supervisor/m", THEN))
                .singleElement()
                .satisfies(event -> {
                    assertThat(event.getType()).isEqualTo(JobEventType.FINISHED);
                    assertThat(event.getOutcome()).isEqualTo(Outcome.HANDED_BACK);
                    assertThat(event.getCause().getType()).isEqualTo(CauseType.HANDED_BACK);
                });
    }

    @Test
    void aProcessThatNobodyWaitedForHasNoExitCode() {
        Cause cause = DeathCause.of(Death.found(List.of("last")), null);

        assertThat(cause.getType()).isEqualTo(CauseType.WORKER_KILLED);
        assertThat(cause.getEvidence()).containsOnlyKeys("log_tail");
    }

    private static CauseType type(int exitCode, @Nullable StopReason stop) {
        return DeathCause.of(death(exitCode, 0, false), stop).getType();
    }

    private static Death death(int exitCode, long oomKills, boolean overLimit) {
        return new Death(
                exitCode, oomKills, overLimit, OptionalLong.of(77), OptionalLong.of(99), List.of("first", "last"));
    }

    private static Claim claim(String id, int attempt) {
        return new Claim(
                UUID.randomUUID(),
                io.quarry.avro.Job.newBuilder(Jobs.scripted(id, "ok"))
                        .setAttempt(attempt)
                        .build(),
                new Source("t", 0L));
    }
}
