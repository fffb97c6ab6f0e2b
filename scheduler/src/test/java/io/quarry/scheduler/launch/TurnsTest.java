package io.quarry.scheduler.launch;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.Resources;
import io.quarry.avro.Source;
import io.quarry.avro.State;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TurnsTest {
    private static final Instant T0 = Instant.parse("2026-03-01T10:00:00Z");
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final Turns TURNS = new Turns(PATIENCE);

    @Test
    void whoFitsStartsAheadOfALargerOneThatDoesNot() {
        JobState giant = waiting("giant", T0, 9);
        JobState small = waiting("small", T0.plusSeconds(1), 1);

        Turns.Decision decision =
                TURNS.of(List.of(giant, small), Set.of(), Set.of(Board.key(giant)), T0.plusSeconds(60));

        assertThat(decision.start()).containsExactly(giant, small);
        assertThat(decision.held()).isEmpty();
    }

    @Test
    void afterItsPatienceTheOldestHoldsTheOthersBack() {
        JobState giant = waiting("giant", T0, 9);
        JobState small = waiting("small", T0.plusSeconds(1), 1);
        Instant later = T0.plus(PATIENCE);

        Turns.Decision decision = TURNS.of(List.of(giant, small), Set.of(), Set.of(Board.key(giant)), later);

        assertThat(decision.start()).containsExactly(giant);
        assertThat(decision.held().get(Board.key(small)))
                .isEqualTo("Job giant is larger and has waited for room since 2026-03-01T10:00:00Z: it comes first.");
        assertThat(TURNS.of(List.of(giant, small), Set.of(Board.key(giant)), Set.of(Board.key(giant)), later)
                        .start())
                .as("its pod is there, and waits for room")
                .isEmpty();
        assertThat(TURNS.of(List.of(giant, small), Set.of(Board.key(giant)), Set.of(), later)
                        .start())
                .as("its pod has got room")
                .containsExactly(small);
    }

    @Test
    void onlyWhatTheHolderIsBehindIsLetThrough() {
        JobState first = waiting("first", T0.minusSeconds(5), 1);
        JobState giant = waiting("giant", T0, 9);

        assertThat(TURNS.of(List.of(first, giant), Set.of(), Set.of(Board.key(giant)), T0.plus(PATIENCE))
                        .start())
                .containsExactly(first, giant);
    }

    /** A full cluster in virtual time: everybody starts,. */
    @Test
    void nobodyIsStarvedAndNobodyIsDropped() {
        for (int seed = 0; seed < 50; seed++) {
            Random random = new Random(seed);
            Map<String, Instant> ends = new HashMap<>();
            Map<String, Long> sizes = new HashMap<>();
            List<JobState> waiting = new ArrayList<>();
            Set<Launch.Key> withoutRoom = new HashSet<>();
            int submitted = 0;
            int startedJobs = 0;
            for (int second = 0; submitted < 300 || !waiting.isEmpty(); second += 10) {
                Instant now = T0.plusSeconds(second);
                ends.values().removeIf(end -> !now.isBefore(end));
                sizes.keySet().retainAll(ends.keySet());
                if (submitted < 300 && random.nextInt(3) == 0) {
                    long size = random.nextInt(20) == 0 ? 10 : 1 + random.nextInt(4);
                    waiting.add(waiting("job-" + submitted++, now, size));
                }
                for (JobState row :
                        TURNS.of(waiting, Set.of(), withoutRoom, now).start()) {
                    long taken =
                            sizes.values().stream().mapToLong(Long::longValue).sum();
                    long size = row.getJob().getResources().getMemoryBytes();
                    if (taken + size > 10) {
                        withoutRoom.add(Board.key(row));
                        continue;
                    }
                    startedJobs++;
                    waiting.remove(row);
                    withoutRoom.remove(Board.key(row));
                    sizes.put(row.getJob().getId(), size);
                    ends.put(row.getJob().getId(), now.plusSeconds(30 + random.nextInt(60)));
                }
                assertThat(second).as("seed %d: somebody waits for ever", seed).isLessThan(100_000);
            }
            assertThat(startedJobs).as("seed %d", seed).isEqualTo(300);
        }
    }

    static JobState waiting(String id, Instant since, long size) {
        return JobState.newBuilder()
                .setJob(Job.newBuilder()
                        .setId(id)
                        .setResources(new Resources(1000L, size, 1L))
                        .build())
                .setState(State.LAUNCHING)
                .setOversize(true)
                .setSource(new Source("quarry.jobs.oversize", 7L))
                .setSubmittedAt(since)
                .setQueuedAt(since)
                .build();
    }
}
