package io.quarry.scheduler.collect;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.JobState;
import io.quarry.avro.State;
import org.junit.jupiter.api.Test;

class PartitionViewTest {
    private final PartitionView view = new PartitionView();

    private static JobState row(State state) {
        return RowsOfJobs.row("job", state).build();
    }

    @Test
    void aFinalRowIsDueOnceThePartitionWasReadToItsEnd() {
        view.row("job", row(State.FAILED));
        assertThat(view.needsEnd()).isTrue();
        view.endsAt(10);
        assertThat(view.needsEnd()).as("asked once").isFalse();

        assertThat(view.due(9)).isEmpty();
        assertThat(view.due(10)).containsExactly(row(State.FAILED));
        assertThat(view.due(11)).as("once").isEmpty();
        assertThat(view.waits()).isFalse();
    }

    @Test
    void anOldLifeOfAnIdIsNotActedUponWhenANewOneFollows() {
        view.row("job", row(State.FAILED));
        view.endsAt(10);
        view.gone("job");
        view.row("job", row(State.RUNNING));

        assertThat(view.due(10)).isEmpty();
        assertThat(view.hasRow("job")).isTrue();
    }

    @Test
    void aTombstoneAndAnUnreadableRowAreToldApart() {
        view.row("job", row(State.FAILED));
        view.gone("job");
        view.opaque("other");
        assertThat(view.hasRow("job")).isFalse();
        assertThat(view.hasRow("other")).as("there is one, whatever it says").isTrue();
        assertThat(view.waits()).isFalse();
    }
}
