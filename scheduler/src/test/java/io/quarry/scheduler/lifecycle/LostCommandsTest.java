package io.quarry.scheduler.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Command;
import io.quarry.avro.CommandType;
import io.quarry.avro.JobEventType;
import io.quarry.avro.JobState;
import io.quarry.avro.Outcome;
import io.quarry.avro.State;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lifecycle and workers that hear of one command in ten, or that were away for a day. */
class LostCommandsTest {
    private static final int JOBS = 200;

    @TempDir
    Path directory;

    /**
     * Each job is claimed twice, by handlers that begin with a grant only. Whoever owns it has to begin in the end, and whoever
     * does not has to be stopped, though nine commands of ten are lost.
     */
    @Test
    void everyCommandMayBeLost() {
        Random chance = new Random(12);
        Map<String, String> jobOf = new LinkedHashMap<>();
        Set<String> waiting = new HashSet<>();
        List<String> began = new ArrayList<>();
        List<String> stopped = new ArrayList<>();
        Map<String, State> ends = new HashMap<>();
        try (TestLog log = new TestLog(directory)) {
            for (int i = 0; i < JOBS; i++) {
                String id = "job" + i;
                log.submit(id, i);
                for (String name : List.of("owner", "other")) {
                    String claim = name + i;
                    jobOf.put(claim, id);
                    waiting.add(claim);
                    log.claim(id, 1, claim);
                }
            }
            for (int round = 0; round < 200 && !waiting.isEmpty(); round++) {
                for (Command command : log.commands()) {
                    String claim = command.getClaim();
                    if (chance.nextInt(10) > 0 || !waiting.remove(claim)) {
                        continue;
                    }
                    if (command.getType() == CommandType.GRANT) {
                        began.add(claim);
                        log.finish(jobOf.getOrDefault(claim, ""), claim, Outcome.SUCCEEDED);
                    } else {
                        stopped.add(claim);
                    }
                }
                for (String claim : List.copyOf(waiting)) {
                    log.event(TestLog.begin(JobEventType.HEARTBEAT, jobOf.getOrDefault(claim, ""))
                            .setClaim(claim)
                            .setStarted(false));
                }
                log.ticks(1);
            }
            for (JobState row : log.rows()) {
                ends.put(row.getJob().getId(), row.getState());
            }
        }
        assertThat(waiting).as("those who were never told").isEmpty();
        assertThat(began).hasSize(JOBS).allMatch(claim -> claim.startsWith("owner"));
        assertThat(stopped).hasSize(JOBS).allMatch(claim -> claim.startsWith("other"));
        assertThat(ends).hasSize(JOBS);
        assertThat(ends.values()).containsOnly(State.SUCCEEDED);
    }

    /** More jobs have one deadline than one tick may move: the next ones move the others, and none is forgotten. */
    @Test
    void moreDeadlinesThanOneTickMovesAreAllKept() {
        int jobs = 1200;
        Map<String, State> states = new HashMap<>();
        int most = 0;
        try (TestLog log = new TestLog(directory, Stores::inMemoryKeyValueStore)) {
            log.submit("first", 0);
            Instant startBy = log.last().getQueuedAt().plus(Duration.ofHours(1));
            for (int i = 1; i <= jobs; i++) {
                log.submit(TestLog.job("job" + i).setStartBy(startBy).build(), i);
            }
            log.rows();
            log.wait(Duration.ofHours(1));
            for (int tick = 0; tick < 4; tick++) {
                log.ticks(1);
                List<JobState> rows = log.rows();
                most = Math.max(most, rows.size());
                rows.forEach(row -> states.put(row.getJob().getId(), row.getState()));
            }
        }
        assertThat(most).isBetween(1, 500);
        assertThat(states).hasSize(jobs);
        assertThat(states.values()).containsOnly(State.EXPIRED);
    }

    /** A day's ticks are read at once. No tick may do more than a transaction can hold, and nothing may be left over. */
    @Test
    void catchUpOfADay() {
        int jobs = 1200;
        int day = 86_400;
        int most = 0;
        Map<String, State> states = new HashMap<>();
        // In memory: a day of commits to a disk takes a minute and shows nothing more.
        try (TestLog log = new TestLog(directory, Stores::inMemoryKeyValueStore)) {
            for (int i = 0; i < jobs; i++) {
                log.submit("job" + i, i);
                log.claim("job" + i, 1, "claim" + i);
            }
            log.rows();
            for (int i = 0; i < day; i++) {
                log.ticks(1);
                // Only now and then is there anything to look at: leases end once, and backoffs soon after.
                if (i < 120 || i == day - 1) {
                    List<JobState> rows = log.rows();
                    most = Math.max(most, rows.size());
                    rows.forEach(row -> states.put(row.getJob().getId(), row.getState()));
                }
            }
            assertThat(log.retries()).hasSize(jobs);
        }
        assertThat(most).isBetween(1, 1000);
        assertThat(states).hasSize(jobs);
        assertThat(states.values()).containsOnly(State.RETRYING);
    }
}
