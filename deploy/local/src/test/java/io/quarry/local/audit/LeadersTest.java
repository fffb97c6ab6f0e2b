package io.quarry.local.audit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class LeadersTest {
    private final Leaders leaders = new Leaders();

    @Test
    void aChangeLiesBetweenTheRecordsOfTwoEpochs() {
        leaders.seen("q", 3, 100);
        leaders.seen("q", 3, 200);
        leaders.seen("q", 4, 300);
        leaders.seen("q", 4, 400);

        assertThat(leaders.changed("q", 100, 199)).isFalse();
        assertThat(leaders.changed("q", 150, 250)).isTrue();
        assertThat(leaders.changed("q", 301, 500)).isFalse();
        assertThat(leaders.changed("other", 0, 1_000)).isFalse();
    }

    @Test
    void aChangeAfterTheLastRecordIsKnownFromTheEpochOfNow() {
        leaders.seen("q", 3, 100);
        assertThat(leaders.changed("q", 200, 300)).isFalse();

        leaders.now("q", 5);

        assertThat(leaders.changed("q", 200, 300)).isTrue();
        assertThat(leaders.changed("q", 10, 99)).isFalse();
    }

    @Test
    void recordsWithoutAnEpochShowNoChange() {
        leaders.seen("q", -1, 100);
        leaders.seen("q", -1, 200);
        leaders.seen("q", 7, 300);

        assertThat(leaders.changed("q", 0, 1_000)).isFalse();
    }
}
