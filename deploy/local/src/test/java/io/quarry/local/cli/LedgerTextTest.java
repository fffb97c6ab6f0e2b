package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.ScheduleTick;
import io.quarry.avro.State;
import io.quarry.avro.TickOutcome;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LedgerTextTest {
    private static final Instant TICK = Instant.parse("2026-01-01T00:00:00Z");

    private static ScheduleTick row(int minute, TickOutcome outcome, @Nullable State state) {
        Instant tick = TICK.plusSeconds(60L * minute);
        boolean runs = switch (outcome) {
            case TRIGGERED, LATE, CAUGHT_UP, BACKFILLED, MANUAL -> true;
            default -> false;
        };
        return ScheduleTick.newBuilder()
                .setSchedule("a")
                .setTick(tick)
                .setAt(tick)
                .setOutcome(outcome)
                .setJobId(runs ? "a:" + tick : null)
                .setState(state)
                .build();
    }

    @Test
    void theStripHasASignForEachTickByWhatBecameOfItLast() {
        List<ScheduleTick> rows = new ArrayList<>();
        rows.add(row(0, TickOutcome.TRIGGERED, null));
        rows.add(row(1, TickOutcome.WAITING, null));
        rows.add(row(2, TickOutcome.SKIPPED_OVERLAP, null));
        rows.add(row(0, TickOutcome.TRIGGERED, State.SUCCEEDED));
        rows.add(row(1, TickOutcome.LATE, null));
        rows.add(row(1, TickOutcome.LATE, State.FAILED));
        rows.add(row(3, TickOutcome.SKIPPED_PAUSED, null));
        rows.add(row(4, TickOutcome.MISSED_OUTAGE, null));
        rows.add(row(5, TickOutcome.SKIPPED_OUTSIDE_WINDOW, null));
        rows.add(row(6, TickOutcome.CAUGHT_UP, State.CANCELLED));
        rows.add(row(7, TickOutcome.REFUSED, null));
        rows.add(row(8, TickOutcome.TRIGGERED, null));
        rows.add(row(9, TickOutcome.WAITING, null));

        assertThat(LedgerText.strip(List.copyOf(LedgerText.latest(rows)))).isEqualTo("#!op--c!>w");
    }

    @Test
    void aBackfillAndARunByHandAtTheTimeOfATickHaveSignsOfTheirOwn() {
        ScheduleTick tick = row(0, TickOutcome.SKIPPED_PAUSED, null);
        ScheduleTick again = ScheduleTick.newBuilder(row(0, TickOutcome.BACKFILLED, State.SUCCEEDED))
                .setBackfill("b-1")
                .setJobId(tick.getSchedule() + ":" + TICK + ":b-1")
                .build();
        ScheduleTick byHand = ScheduleTick.newBuilder(row(0, TickOutcome.MANUAL, null))
                .setJobId("a:" + TICK + ":manual-1")
                .build();

        assertThat(LedgerText.strip(List.copyOf(LedgerText.latest(List.of(tick, again, byHand)))))
                .isEqualTo("p#>");
    }
}
