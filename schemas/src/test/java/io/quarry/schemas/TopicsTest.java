package io.quarry.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TopicsTest {
    private final Topics topics = new Topics("q.");

    @Test
    void eachTopicOfAGroupKnowsItsShareGroupAndTheOtherOne() {
        assertThat(topics.queue("q.jobs.large-jobs"))
                .contains(new Topics.Queue(
                        "q.jobs.large-jobs",
                        "large-jobs",
                        false,
                        topics.shareGroup("large-jobs"),
                        topics.retries("large-jobs")));
        assertThat(topics.queue("q.retries.large-jobs"))
                .contains(new Topics.Queue(
                        "q.retries.large-jobs",
                        "large-jobs",
                        true,
                        topics.retriesShareGroup("large-jobs"),
                        topics.jobs("large-jobs")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "q.jobs.oversize",
                "q.jobs.dead",
                "q.jobs.invalid",
                "q.jobs.",
                "q.retries.",
                "q.jobs.Large",
                "q.jobs.a.b",
                "q.job-events",
                "q.workers",
                "other.jobs.default",
                "jobs.default",
                ""
            })
    void whatNoWorkerReadsIsNoQueue(String name) {
        assertThat(topics.queue(name)).isEmpty();
    }

    @Test
    void aQueueIsReadByIntakeToo() {
        for (String group : new String[] {"a", "default", "large-jobs", "a".repeat(63), "deadline", "invalid-rows"}) {
            assertThat(topics.queue(topics.jobs(group))).isPresent();
            assertThat(topics.queue(topics.retries(group))).isPresent();
            assertThat(topics.jobsPattern().matcher(topics.jobs(group)).matches())
                    .isTrue();
            assertThat(topics.retriesPattern().matcher(topics.retries(group)).matches())
                    .isTrue();
            assertThat(Topics.validGroup(group)).isTrue();
        }
    }
}
