package io.quarry.client;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.DeadJob;
import io.quarry.avro.JobState;
import io.quarry.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * Gathers jobs that ended without a result from their rows and, for those whose row is gone, from jobs.dead. Keeps in memory what
 * matches, and the ids of jobs that repeat others.
 */
record DeadLetters(TopicScan scan, Topics topics, Deserializer<JobState> states, Deserializer<DeadJob> deads) {

    List<DeadLetter> matching(Predicate<DeadJob> filter) {
        Map<String, DeadJob> found = new LinkedHashMap<>();
        scan.all(topics.dead()).forEach(record -> {
            DeadJob dead = record.value() == null ? null : StateReader.read(deads, record, DeadJob.class);
            if (dead != null && filter.test(dead)) {
                found.put(dead.getJob().getId(), dead);
            }
        });
        Map<String, JobState> rows = new HashMap<>();
        Map<String, JobState> repeats = new LinkedHashMap<>();
        scan.all(topics.states()).forEach(record -> {
            String key = new String(record.key(), StandardCharsets.UTF_8);
            JobState row = record.value() == null ? null : StateReader.read(states, record, JobState.class);
            keep(rows, key, row != null && filter.test(of(row)) ? row : null);
            keep(repeats, key, row != null && row.getJob().getRepeats() != null ? slim(row) : null);
        });
        rows.forEach((id, row) -> found.put(id, of(row)));
        Map<String, List<DeadLetter.Repeat>> byOriginal = new HashMap<>();
        repeats.values().stream()
                .sorted(Comparator.comparing(JobState::getSubmittedAt))
                .forEach(row -> byOriginal
                        .computeIfAbsent(String.valueOf(row.getJob().getRepeats()), id -> new ArrayList<>())
                        .add(new DeadLetter.Repeat(row.getJob().getId(), row.getState(), Repeats.run(row.getJob()))));
        return found.values().stream()
                .map(dead -> new DeadLetter(
                        dead,
                        rows.get(dead.getJob().getId()),
                        byOriginal.getOrDefault(dead.getJob().getId(), List.of())))
                .sorted(Comparator.comparing(
                                (DeadLetter letter) -> letter.dead().getAt())
                        .thenComparing(letter -> letter.dead().getJob().getId()))
                .toList();
    }

    /** What jobs.dead says, or would say, of a row. */
    private static DeadJob of(JobState row) {
        Cause cause = row.getCause();
        int made = row.getEnqueued() ? row.getAttempt() : row.getAttempt() - 1;
        return DeadJob.newBuilder()
                .setJob(row.getJob())
                .setState(row.getState())
                .setCause(cause == null ? new Cause(CauseType.UNKNOWN, "", Map.of()) : cause)
                .setAttempts(row.getFirstStartedAt() == null ? 0 : made)
                .setAt(row.getFinishedAt() == null ? row.getSubmittedAt() : row.getFinishedAt())
                .build();
    }

    /** A row without what takes room. */
    private static JobState slim(JobState row) {
        return JobState.newBuilder(row)
                .setHistory(List.of())
                .setProgress(null)
                .setManifest(null)
                .setCause(null)
                .setJob(io.quarry.avro.Job.newBuilder(row.getJob())
                        .setOfflineQuery(null)
                        .setCustom(null)
                        .build())
                .build();
    }

    private static void keep(Map<String, JobState> rows, String key, @Nullable JobState row) {
        if (row == null) {
            rows.remove(key);
        } else {
            rows.put(key, row);
        }
    }
}
