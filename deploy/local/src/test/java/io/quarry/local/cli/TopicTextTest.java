package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.StuckShareGroup;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TopicTextTest {
    private static final Topics TOPICS = Topics.withDefaultPrefix();
    private static final StuckShareGroup JOBS = new StuckShareGroup(TOPICS.shareGroup("large"), 3, 7, 0);
    private static final StuckShareGroup RETRIES = new StuckShareGroup(TOPICS.retriesShareGroup("large"), 3, 7, 2);

    private final Map<String, String> queues = TopicText.queues(
            TOPICS,
            List.of(
                    TOPICS.jobs("large"),
                    TOPICS.retries("large"),
                    TOPICS.jobs("default"),
                    TOPICS.oversize(),
                    TOPICS.dead(),
                    TOPICS.events()));

    @Test
    void theShareGroupsOfQueuesAloneAreLookedAt() {
        assertThat(queues)
                .containsOnlyKeys(
                        TOPICS.shareGroup("large"), TOPICS.retriesShareGroup("large"), TOPICS.shareGroup("default"));
    }

    @Test
    void aShareGroupThatHandsOutNothingIsShownAtItsTopic() {
        assertThat(TopicText.stuck(queues, List.of(JOBS, RETRIES)))
                .isEqualTo(Map.of(TOPICS.jobs("large"), JOBS, TOPICS.retries("large"), RETRIES));
        assertThat(TopicText.tree(JOBS)).isEqualTo(Map.of("epoch", 3, "assignment_epoch", 7));
    }

    @Test
    void oneWhoseMembersMayHaveJoinedAMomentAgoIsNotShown() {
        StuckShareGroup perhaps = new StuckShareGroup(TOPICS.shareGroup("large"), 7, 7, 1);
        assertThat(TopicText.stuck(queues, List.of(perhaps))).isEmpty();
    }

    @Test
    void itIsSaidWhatHelps() {
        assertThat(TopicText.stuck(TOPICS.jobs("large"), JOBS))
                .isEqualTo("nothing is handed out of quarry.jobs.large: the epoch 3 of its share group"
                        + " quarry.workers.large is below that of its assignment, 7. A worker of the group mends that by"
                        + " itself within a minute: start one");
        assertThat(TopicText.stuck(TOPICS.retries("large"), RETRIES))
                .contains("quarry.retries.large", "quarry.workers.large.retries")
                .endsWith("wait for those that there are");
    }

    @Test
    void aQueueThatIsGoneIsSaidWithTheJobsThatWaitInIt() {
        assertThat(TopicText.missing("q", 1)).startsWith("topic q is gone, and 1 job waits in it.");
        assertThat(TopicText.missing("q", 2)).startsWith("topic q is gone, and 2 jobs wait in it.");
    }
}
