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

    /** The queue's first record that is left is of epoch 18; the events tell of a change before. */
    private static Leaders withEvents(Map<TopicPartition, Integer> soleBrokers) {
        Leaders leaders = new Leaders(soleBrokers);
        leaders.seen(QUEUE, 18, 900);
        leaders.seen(EVENTS, 2, 200);
        leaders.seen(EVENTS, 4, 300);
        return leaders;
    }
}
