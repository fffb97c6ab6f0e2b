package io.quarry.scheduler.collect;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.JobState;
import io.quarry.avro.Manifest;
import io.quarry.avro.State;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CollectionTest {
    private static final Set<String> THREE = Set.of("1-a", "2-b", "3-c");

    @Test
    void theWinnerIsNeverCollected() {
        JobState row = RowsOfJobs.succeeded("job", 2, "b", "named", RowsOfJobs.NOON);

        Collection decided = Collection.of(row, THREE);

        assertThat(decided.garbage()).containsExactly("1-a", "3-c");
        Pointer pointer = decided.pointer().orElseThrow();
        assertThat(pointer.directory()).isEqualTo("2-b");
        assertThat(pointer.manifest()).isEqualTo("2-b/manifest.json");
        assertThat(pointer.datasetName()).isEqualTo("named");
        assertThat(Collection.of(row, Set.of("2-b")).garbage()).as("again").isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            value = State.class,
            names = {"FAILED", "CANCELLED", "EXPIRED"})
    void aJobThatEndedWithoutAResultKeepsNoClaim(State state) {
        Collection decided = Collection.of(RowsOfJobs.row("job", state).build(), THREE);

        assertThat(decided.garbage()).containsExactly("1-a", "2-b", "3-c");
        assertThat(decided.pointer()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            value = State.class,
            names = {"UNKNOWN", "QUEUED", "LAUNCHING", "RUNNING", "RETRYING"})
    void aJobThatGoesOnIsNotTouched(State state) {
        Collection decided = Collection.of(RowsOfJobs.row("job", state).build(), THREE);

        assertThat(decided.garbage()).isEmpty();
        assertThat(decided.pointer()).isEmpty();
    }

    @Test
    void whatIsNoClaimsDirectoryIsLeftAlone() {
        JobState row = RowsOfJobs.row("job", State.FAILED).build();
        assertThat(Collection.of(row, Set.of("notes", ".tmp", "0-a", "backup-1"))
                        .garbage())
                .isEmpty();
    }

    @Test
    void withoutAWinnersNameNothingIsCollected() {
        JobState row = RowsOfJobs.row("job", State.SUCCEEDED).build();
        assertThat(Collection.of(row, THREE).garbage()).isEmpty();
    }

    @Test
    void aJobWithoutADatasetHasNoPointerAndKeepsItsOwnersDirectory() {
        JobState row = JobState.newBuilder(RowsOfJobs.succeeded("job", 1, "a", null, RowsOfJobs.NOON))
                .setManifest(null)
                .build();
        Collection decided = Collection.of(row, THREE);
        assertThat(decided.pointer()).isEmpty();
        assertThat(decided.garbage()).containsExactly("2-b", "3-c");
    }

    @Test
    void aDatasetThatWasPublishedElsewhereIsNotPointedTo() {
        JobState here = RowsOfJobs.succeeded("job", 1, "a", null, RowsOfJobs.NOON);
        JobState there = JobState.newBuilder(here)
                .setManifest(Manifest.newBuilder(here.getManifest())
                        .setLocation("s3://bucket/somewhere")
                        .build())
                .build();
        assertThat(Collection.of(there, THREE).pointer()).isEmpty();
    }

    @Test
    void ofTwoPointersTheLaterOneWinsAndOfEqualOnesTheSame() {
        Pointer one = pointer("a", 1);
        Pointer later = pointer("b", 2);
        Pointer same = pointer("c", 1);
        assertThat(later.supersedes(one)).isTrue();
        assertThat(one.supersedes(later)).isFalse();
        assertThat(one.supersedes(one)).isFalse();
        assertThat(one.supersedes(same)).isNotEqualTo(same.supersedes(one));
    }

    private static Pointer pointer(String id, int second) {
        JobState row = RowsOfJobs.succeeded(id, 1, "a", "n", RowsOfJobs.NOON.plusSeconds(second));
        return Collection.of(row, Set.of()).pointer().orElseThrow();
    }
}
