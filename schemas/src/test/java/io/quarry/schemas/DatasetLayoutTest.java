package io.quarry.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class DatasetLayoutTest {
    @Test
    void aJobsDirectoryLeadsNowhereElseAndBackToTheJob() {
        assertThat(DatasetLayout.ofJob("..")).isEqualTo("%2E.");
        assertThat(DatasetLayout.ofJob("a/../b")).isEqualTo("a%2F..%2Fb");
        assertThat(DatasetLayout.ofJob("tenant:2024-01.x_y")).isEqualTo("tenant%3A2024-01.x_y");
        for (String id : List.of("a", "..", "tenant:2024-01.x_y", "_named", "0193a7c2-5d1e-7c3a-9a51-0c7d6b1f2e3d")) {
            assertThat(DatasetLayout.jobOf(DatasetLayout.ofJob(id))).contains(id);
        }
    }

    @Test
    void twoLongIdsNeverShareADirectoryAndAreNotGuessedFromIt() {
        String one = DatasetLayout.ofJob(":".repeat(200));
        assertThat(one).hasSizeLessThanOrEqualTo(200).isNotEqualTo(DatasetLayout.ofJob(":".repeat(199)));
        assertThat(DatasetLayout.jobOf(one)).isEmpty();
    }

    @Test
    void whatLiesBesideTheJobsIsNoJobs() {
        assertThat(DatasetLayout.jobOf(DatasetLayout.NAMED)).isEmpty();
        assertThat(DatasetLayout.jobOf(".tmp")).isEmpty();
        assertThat(DatasetLayout.jobOf("a%2f")).isEmpty();
        assertThat(DatasetLayout.jobOf("")).isEmpty();
        assertThat(DatasetLayout.jobOf("a%")).isEmpty();
    }

    @Test
    void onlyAttemptAndClaimMakeAClaimsDirectory() {
        assertThat(DatasetLayout.isClaim(DatasetLayout.ofClaim(2, "0193a7c2-5d1e-7c3a-9a51-0c7d6b1f2e3d")))
                .isTrue();
        for (String other : List.of("dataset.json", "0-a", "1-", "1-../x", ".1-a", "notes", "1-a b")) {
            assertThat(DatasetLayout.isClaim(other)).as(other).isFalse();
        }
    }
}
