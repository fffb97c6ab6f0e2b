package io.quarry.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PacerTest {
    private long now = 7;
    private final List<Long> pauses = new ArrayList<>();

    private Pacer pacer(double perSecond) {
        return new Pacer(perSecond, () -> now, nanos -> {
            pauses.add(nanos);
            now += nanos;
        });
    }

    @Test
    void stepsAreSpreadEvenlyOverTheSecond() throws InterruptedException {
        Pacer pacer = pacer(5);
        for (int i = 0; i < 11; i++) {
            pacer.next();
        }
        assertThat(pauses).hasSize(10).containsOnly(TimeUnit.MILLISECONDS.toNanos(200));
    }

    @Test
    void whatWasMissedIsNotCaughtUpWith() throws InterruptedException {
        Pacer pacer = pacer(10);
        pacer.next();
        now += TimeUnit.MINUTES.toNanos(5);
        pacer.next();
        pacer.next();
        assertThat(pauses).containsExactly(TimeUnit.MILLISECONDS.toNanos(100));
    }

    @Test
    void withoutALimitNobodyWaits() throws InterruptedException {
        Pacer pacer = pacer(0);
        pacer.next();
        pacer.next();
        assertThat(pauses).isEmpty();
    }
}
