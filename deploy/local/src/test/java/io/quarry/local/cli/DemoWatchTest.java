package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.local.WorkerView;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class DemoWatchTest {
    private static final Duration SHORT = Duration.ofSeconds(20);

    private static WorkerView worker(String name, int deaths) {
        return new WorkerView(name, OptionalLong.empty(), WorkerView.State.RESTARTING, deaths);
    }

    @Test
    void aWorkerThatDiedOnceMayGetWell() {
        assertThat(DemoWatch.hopeless(List.of(worker("worker-1", 1)), SHORT)).isEmpty();
    }

    @Test
    void aWorkerThatDiesAgainAndAgainEndsTheWaitAndItsLogIsNamed() {
        assertThat(DemoWatch.hopeless(List.of(worker("worker-1", 0), worker("worker-2", 3)), SHORT))
                .contains(new DemoWatch.Why("the process of worker-2 died 3 times in a row", "worker-2"));
    }

    @Test
    void aJobThatNoWorkerRunsIsNotWaitedForForEver() {
        assertThat(DemoWatch.hopeless(List.of(worker("worker-1", 0)), DemoWatch.PATIENCE.minusMillis(1)))
                .isEmpty();
        assertThat(DemoWatch.hopeless(List.of(worker("worker-1", 0)), DemoWatch.PATIENCE))
                .contains(new DemoWatch.Why("no worker ran the job for 3 min 00 s", "worker-1"));
        assertThat(DemoWatch.hopeless(List.of(), DemoWatch.PATIENCE)).isPresent();
    }
}
