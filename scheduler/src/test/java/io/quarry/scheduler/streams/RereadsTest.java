package io.quarry.scheduler.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.scheduler.streams.Rereads.Turn;
import java.util.List;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class RereadsTest {
    private static final TopicPartition PARTITION = new TopicPartition("jobs", 0);

    private final Rereads rereads = new Rereads();

    @Test
    void aTopicThatIsNotReadAgainCounts() {
        rereads.want("jobs");
        assertThat(rereads.turn("other", 7)).isEqualTo(Turn.COUNTS);
    }

    @Test
    void whatCameBeforeTheConsumerWasSetBackComesAgain() {
        rereads.want("jobs");
        assertThat(rereads.wanted()).containsExactly(PARTITION);
        assertThat(rereads.turn("jobs", 3)).isEqualTo(Turn.COMES_AGAIN);

        rereads.setBack(PARTITION);
        assertThat(rereads.wanted()).isEmpty();
        assertThat(rereads.sought()).containsExactly(PARTITION);
        // Still of the records that were at hand.
        assertThat(rereads.turn("jobs", 4)).isEqualTo(Turn.COMES_AGAIN);

        rereads.came(PARTITION, 1);
        assertThat(rereads.sought()).isEmpty();
        assertThat(rereads.turn("jobs", 5)).isEqualTo(Turn.COMES_AGAIN);
        assertThat(rereads.turn("jobs", 1)).isEqualTo(Turn.FIRST);
        assertThat(rereads.turn("jobs", 2)).isEqualTo(Turn.COUNTS);
    }

    @Test
    void aConsumerThatGetsThePartitionAnewIsSetBackAgain() {
        rereads.want("jobs");
        rereads.setBack(PARTITION);

        rereads.forgetPositions(List.of(PARTITION, new TopicPartition("other", 0)));

        assertThat(rereads.wanted()).containsExactly(PARTITION);
    }

    @Test
    void wantedAnewWhileTheFirstRecordIsOnItsWayItIsSetBackAgain() {
        rereads.want("jobs");
        rereads.setBack(PARTITION);
        rereads.came(PARTITION, 0);

        rereads.want("jobs");

        assertThat(rereads.turn("jobs", 0)).isEqualTo(Turn.COMES_AGAIN);
        assertThat(rereads.wanted()).containsExactly(PARTITION);
    }

    @Test
    void nothingIsReadAgainOnceItIsCleared() {
        rereads.want("jobs");
        rereads.clear();
        assertThat(rereads.wanted()).isEmpty();
        assertThat(rereads.turn("jobs", 3)).isEqualTo(Turn.COUNTS);
    }
}
