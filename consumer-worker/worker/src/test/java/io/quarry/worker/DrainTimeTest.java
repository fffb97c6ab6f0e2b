package io.quarry.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DrainTimeTest {
    private static final Duration FIVE_MINUTES = Duration.ofMinutes(5);

    private record Later(Duration span, Runnable task, CompletableFuture<Object> end) {}

    private final List<Later> later = new ArrayList<>();
    private final Current current = new Current("w");
    private final DrainTime drainTime = new DrainTime(current, (wait, task) -> {
        Later one = new Later(wait, task, new CompletableFuture<>());
        later.add(one);
        return one.end();
    });

    @Test
    void aWorkerThatIsToldToLeaveHasTheDrainTimeOfItsGroup() {
        drainTime.group(running(FIVE_MINUTES));
        assertThat(pending()).isEmpty();

        drainTime.leave(OnStop.FINISH);
        drainTime.leave(OnStop.FINISH);

        assertThat(pending()).containsExactly(FIVE_MINUTES);
        assertThat(current.will()).isEqualTo(Current.Will.LEAVE);
    }

    @Test
    void withoutADrainTimeAJobHasAsLongAsItMayRun() {
        drainTime.group(running(null));
        drainTime.leave(OnStop.FINISH);
        assertThat(pending()).isEmpty();
    }

    @Test
    void aDrainOfTheGroupCountsFromWhenItWasSaidAndItsEndForgetsIt() {
        drainTime.group(draining(FIVE_MINUTES));
        drainTime.group(draining(FIVE_MINUTES));
        assertThat(pending()).containsExactly(FIVE_MINUTES);
        assertThat(current.paused()).isTrue();

        drainTime.group(running(FIVE_MINUTES));

        assertThat(pending()).isEmpty();
        assertThat(current.takesJobs()).isTrue();
    }

    @Test
    void aPauseHandsNothingBack() {
        drainTime.group(new GroupWord(true, false, FIVE_MINUTES));
        assertThat(pending()).isEmpty();
    }

    @Test
    void theEndOfADrainOfTheGroupDoesNotSaveAWorkerThatLeaves() {
        drainTime.group(draining(FIVE_MINUTES));
        drainTime.leave(OnStop.FINISH);
        drainTime.group(running(FIVE_MINUTES));
        assertThat(pending()).containsExactly(FIVE_MINUTES);
    }

    private List<Duration> pending() {
        return later.stream()
                .filter(one -> !one.end().isCancelled())
                .map(Later::span)
                .toList();
    }

    private static GroupWord running(@Nullable Duration drain) {
        return new GroupWord(false, false, drain);
    }

    private static GroupWord draining(Duration drain) {
        return new GroupWord(true, true, drain);
    }
}
