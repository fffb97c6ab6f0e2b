package io.quarry.local.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

final class LeadersTest {
    private static final TopicPartition QUEUE = new TopicPartition("q", 0);
    private static final TopicPartition EVENTS = new TopicPartition("events", 1);

    private final Leaders leaders = new Leaders(Map.of());

    @Test
    void aChangeLiesBetweenTheRecordsOfTwoEpochs() {
        leaders.seen(QUEUE, 3, 100);
        leaders.seen(QUEUE, 3, 200);
        leaders.seen(QUEUE, 4, 300);
        leaders.seen(QUEUE, 4, 400);

        assertThat(leaders.changed("q", 100, 199)).isFalse();
        assertThat(leaders.changed("q", 150, 250)).isTrue();
        assertThat(leaders.changed("q", 301, 500)).isFalse();
        assertThat(leaders.changed("other", 0, 1_000)).isFalse();
    }

    @Test
    void aChangeAfterTheLastRecordIsKnownFromTheEpochOfNow() {
        leaders.seen(QUEUE, 3, 100);
        assertThat(leaders.changed("q", 200, 300)).isFalse();

        leaders.now("q", 5);

        assertThat(leaders.changed("q", 200, 300)).isTrue();
        assertThat(leaders.changed("q", 10, 99)).isFalse();
    }

    @Test
    void recordsWithoutAnEpochShowNoChange() {
        leaders.seen(QUEUE, -1, 100);
        leaders.seen(QUEUE, -1, 200);
        leaders.seen(QUEUE, 7, 300);

        assertThat(leaders.changed("q", 0, 1_000)).isFalse();
    }

    @Test
    void whatWasDeletedOfAQueueIsSeenInWhatTheSameBrokerAloneLeads() {
        assertThat(withEvents(Map.of(QUEUE, 1, EVENTS, 1)).changed("q", 150, 250))
                .isTrue();
        assertThat(withEvents(Map.of(QUEUE, 1, EVENTS, 1)).changed("q", 301, 800))
                .isFalse();
    }

    @Test
    void leadersOfPartitionsThatLieElsewhereOrOnSeveralBrokersSayNothingAboutAQueue() {
        assertThat(withEvents(Map.of(QUEUE, 1, EVENTS, 2)).changed("q", 150, 250))
                .isFalse();
        assertThat(withEvents(Map.of(EVENTS, 2)).changed("q", 150, 250)).isFalse();
        assertThat(withEvents(Map.of()).changed("q", 150, 250)).isFalse();
    }

    /** A queue of few records leaves open for hours when its leader changed; the ticks of job-events do not. */
    @Test
    void aTimeBetweenTwoRecordsOfOneEpochHeldNoChangeWhateverTheQueueLeavesOpen() {
        Leaders leaders = new Leaders(Map.of(QUEUE, 1, EVENTS, 1));
        leaders.seen(QUEUE, 2, 0);
        leaders.seen(QUEUE, 4, 1_000_000);
        leaders.seen(EVENTS, 2, 10);
        leaders.seen(EVENTS, 2, 400_000);
        leaders.seen(EVENTS, 4, 410_000);
        leaders.seen(EVENTS, 4, 900_000);

        assertThat(leaders.changed("q", 100_000, 200_000)).isFalse();
        assertThat(leaders.changed("q", 390_000, 420_000)).isTrue();
        assertThat(leaders.changed("q", 500_000, 600_000)).isFalse();
        // What a broker takes over a moment later than the rest.
        assertThat(leaders.changed("q", 410_500, 600_000)).isTrue();
        assertThat(leaders.changed("q", 950_000, 960_000)).isTrue();
    }

    /** The queue's first record that is left is of epoch 18; the events tell of a change before. */
    private static Leaders withEvents(Map<TopicPartition, Integer> soleBrokers) {
        Leaders leaders = new Leaders(soleBrokers);
        leaders.seen(QUEUE, 18, 900);
        leaders.seen(EVENTS, 2, 200);
        leaders.seen(EVENTS, 4, 300);
        return leaders;
    }
}
