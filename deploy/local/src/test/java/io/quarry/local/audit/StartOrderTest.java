package io.quarry.local.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.local.audit.StartOrder.Late;
import io.quarry.local.audit.StartOrder.Start;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class StartOrderTest {
    @Test
    void aQueueInOrderHasNoLateStart() {
        assertThat(StartOrder.late(List.of(at(0, 10), at(1, 20), at(2, 30)), 0)).isEmpty();
    }

    @Test
    void aStartThatOneOvertookIsLateForOneWorkerAndNotForTwo() {
        List<Start> starts = List.of(at(1, 10), at(0, 20), at(2, 30));

        assertThat(StartOrder.late(starts, 0)).containsExactly(new Late(0, 1, 10, 20));
        assertThat(StartOrder.late(starts, 1)).isEmpty();
    }

    @Test
    void whatWasMadeBeforeTheOtherWasLoggedIsNotLate() {
        assertThat(StartOrder.late(List.of(at(1, 10), new Start(0, 9, 20)), 0)).isEmpty();
    }

    @Test
    void aWorkersClockAYearBehindHidesAtMostTheTimeThatAClaimMayTake() {
        List<Start> starts = List.of(at(1, 1_000), new Start(0, -1_000_000_000, 60_000));

        assertThat(StartOrder.late(starts, 0)).hasSize(1);
    }

    @Test
    void itAgreesWithCountingOneByOne() {
        Random random = new Random(5);
        for (int round = 0; round < 50; round++) {
            List<Start> starts = new ArrayList<>();
            List<Integer> offsets = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                offsets.add(3 * i);
            }
            Collections.shuffle(offsets, random);
            for (int i = 0; i < offsets.size(); i++) {
                long logged = 100 + 10L * i;
                starts.add(new Start(offsets.get(i), logged - random.nextInt(40), logged));
            }
            int may = random.nextInt(4);
            List<Late> expected = starts.stream()
                    .map(start -> {
                        List<Start> before = starts.stream()
                                .filter(other -> other.offset() > start.offset() && other.logged() < start.made())
                                .toList();
                        return new Late(
                                start.offset(),
                                before.size(),
                                before.isEmpty() ? 0 : before.get(0).logged(),
                                start.logged());
                    })
                    .filter(late -> late.by() > may)
                    .toList();

            assertThat(StartOrder.late(starts, may))
                    .containsExactlyInAnyOrderElementsOf(expected)
                    .isSortedAccordingTo(Comparator.comparingLong(late -> made(starts, late)));
        }
    }

    private static long made(List<Start> starts, Late late) {
        return starts.stream()
                .filter(start -> start.offset() == late.offset())
                .findFirst()
                .orElseThrow()
                .made();
    }

    private static Start at(long offset, long millis) {
        return new Start(offset, millis, millis);
    }
}
