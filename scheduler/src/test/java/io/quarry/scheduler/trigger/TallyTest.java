package io.quarry.scheduler.trigger;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.ScheduleTick;
import io.quarry.avro.State;
import io.quarry.avro.TickOutcome;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TallyTest {
    private static final Instant BEGIN = Instant.parse("2001-02-01T00:00:00Z");
    private static final int LAST = 60;

    @Test
    void theSameTicksAgreeInAnyOrder() {
        assertThat(rows(1, 2, 3).agrees(rows(3, 1, 2))).isTrue();
        assertThat(rows(1, 2, 3).count()).isEqualTo(3);
    }

    @Test
    void aTickThatIsMissingDoubledOrAnotherIsSeen() {
        Tally due = rows(1, 2, 3);
        assertThat(due.agrees(rows(1, 2))).isFalse();
        assertThat(due.agrees(rows(1, 2, 3, 3))).isFalse();
        assertThat(due.agrees(rows(1, 2, 4))).isFalse();
        // The sum of the instants is the same.
        assertThat(due.agrees(rows(2, 2, 2))).isFalse();
        assertThat(rows(1, 4).agrees(rows(2, 3))).isFalse();
    }

    @Test
    void whatLiesOutsideTheSpanDoesNotCount() {
        assertThat(rows(0, 1, LAST, LAST + 1).agrees(rows(1, LAST))).isTrue();
    }

    @Test
    void aTickThatWaitsCountsOnceBeforeAndAfterItsDecision() {
        Tally waits = tally(List.of(row(1, TickOutcome.WAITING), row(1, TickOutcome.WAITING)));
        Tally decided = tally(List.of(row(1, TickOutcome.WAITING), row(1, TickOutcome.LATE)));
        assertThat(waits.agrees(rows(1))).isTrue();
        assertThat(decided.agrees(rows(1))).isTrue();
    }

    @Test
    void rowsThatDecideNoTickOfTheRuleDoNotCount() {
        ScheduleTick ended = ScheduleTick.newBuilder(row(2, TickOutcome.TRIGGERED))
                .setState(State.SUCCEEDED)
                .build();
        assertThat(tally(List.of(row(1, TickOutcome.TRIGGERED), row(1, TickOutcome.MANUAL), ended))
                        .agrees(rows(1)))
                .isTrue();
    }

    @Test
    void itSaysOfAnyRowsWhatTheCountOfSingleOnesSays() {
        Random random = new Random(7);
        for (int round = 0; round < 2000; round++) {
            List<Integer> minutes = random.ints(random.nextInt(6), 1, 5).boxed().toList();
            boolean same = minutes.stream().sorted().toList().equals(List.of(1, 2, 3));
            assertThat(rows(minutes.stream().mapToInt(Integer::intValue).toArray())
                            .agrees(rows(1, 2, 3)))
                    .as(minutes.toString())
                    .isEqualTo(same);
        }
    }

    private static Tally rows(int... minutes) {
        Tally tally = new Tally(BEGIN, minute(LAST));
        for (int minute : minutes) {
            tally.add(row(minute, TickOutcome.TRIGGERED));
        }
        tally.end();
        return tally;
    }

    private static Tally tally(List<ScheduleTick> rows) {
        Tally tally = new Tally(BEGIN, minute(LAST));
        rows.forEach(tally::add);
        tally.end();
        return tally;
    }

    private static ScheduleTick row(int minute, TickOutcome outcome) {
        return ScheduleTick.newBuilder()
                .setSchedule("s")
                .setTick(minute(minute))
                .setAt(minute(minute))
                .setOutcome(outcome)
                .build();
    }

    private static Instant minute(int number) {
        return BEGIN.plus(Duration.ofMinutes(number));
    }
}
