package io.quarry.local.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.local.audit.StartOrder.Late;
import io.quarry.local.audit.StartOrder.Start;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StartOrderTest {
    private static final String QUEUE = "jobs.default";

    @TempDir
    private Path directory;

    private int stores;

    @Test
    void aQueueInOrderHasNoLateStart() throws Exception {
        assertThat(late(List.of(at(0, 10), at(1, 20), at(2, 30)), 0)).isEmpty();
    }

    @Test
    void aStartThatOneOvertookIsLateForOneWorkerAndNotForTwo() throws Exception {
        List<Start> starts = List.of(at(1, 10), at(0, 20), at(2, 30));

        assertThat(late(starts, 0)).containsExactly(new Late(0, 1, 20));
        assertThat(late(starts, 1)).isEmpty();
    }

    @Test
    void whatWasMadeBeforeTheOtherWasLoggedIsNotLate() throws Exception {
        assertThat(late(List.of(at(1, 10), new Start(0, 9, 20)), 0)).isEmpty();
    }

    @Test
    void aWorkersClockAYearBehindHidesAtMostTheTimeThatAClaimMayTake() throws Exception {
        List<Start> starts = List.of(at(1, 1_000), new Start(0, -1_000_000_000, 60_000));

        assertThat(late(starts, 0)).hasSize(1);
    }

    @Test
    void onlyTheFirstClaimOfARecordCounts() throws Exception {
        assertThat(late(List.of(at(0, 10), at(1, 20), at(0, 30)), 0)).isEmpty();
    }

    @Test
    void itAgreesWithCountingOneByOne() throws Exception {
        Random random = new Random(5);
        for (int round = 0; round < 20; round++) {
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
                    .map(start -> new Late(
                            start.offset(),
                            (int) starts.stream()
                                    .filter(other -> other.offset() > start.offset() && other.logged() < start.made())
                                    .count(),
                            start.made()))
                    .filter(late -> late.by() > may)
                    .toList();

            assertThat(late(starts, may))
                    .containsExactlyInAnyOrderElementsOf(expected)
                    .isSortedAccordingTo(Comparator.comparingLong(Late::made));
        }
    }

    /** Through the store, which brings the claims into the order of time. */
    private List<Late> late(List<Start> starts, int mayOvertake) throws SQLException {
        try (FactStore store = new FactStore(directory.resolve("store-" + stores++), 64L << 20)) {
            for (Start start : starts) {
                store.start(QUEUE, start, "w", 1);
            }
            StartOrder order = new StartOrder(store.claimedRecords(QUEUE), mayOvertake);
            store.eachStep(QUEUE, order);
            assertThat(order.count()).isEqualTo(order.late().size());
            return order.late();
        }
    }

    private static Start at(long offset, long millis) {
        return new Start(offset, millis, millis);
    }
}
