package io.quarry.scheduler;

import static io.quarry.scheduler.TestInstallation.claimed;
import static io.quarry.scheduler.TestInstallation.finished;
import static io.quarry.scheduler.TestInstallation.job;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Backfill;
import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.Outcome;
import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleEvent;
import io.quarry.avro.ScheduleEventType;
import io.quarry.avro.ScheduleState;
import io.quarry.avro.ScheduleTick;
import io.quarry.avro.State;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/** One backfill of many ticks, whose jobs a worker ends one by one, and what its ledger said of them in its order. */
final class Backfilling {
    private static final String ID = "b-1";
    private static final Instant FIRST = Instant.parse("2026-01-01T00:00:00Z");

    private final TestInstallation quarry;
    private final List<String> wanted;
    private final Map<String, Integer> jobs = new HashMap<>();
    private final List<ScheduleTick> rows = new ArrayList<>();
    private final Deque<JobState> waiting = new ArrayDeque<>();
    private final Set<String> taken = new HashSet<>();
    private @Nullable Backfill state;

    Backfilling(TestInstallation quarry, int ticks, int concurrency) {
        this.quarry = quarry;
        List<Instant> times = IntStream.range(0, ticks)
                .mapToObj(i -> FIRST.plus(Duration.ofHours(i)))
                .toList();
        this.wanted = times.stream().map(time -> "b:" + time + ":" + ID).toList();
        quarry.read(quarry.topics.ticks(), quarry.topics.scheduleStates(), quarry.topics.jobs("default"));
        // All of them lie behind: the live schedule has none.
        quarry.send(
                quarry.topics.schedules(),
                "b",
                Schedule.newBuilder()
                        .setName("b")
                        .setTimes(times)
                        .setJob(Job.newBuilder(job()).setId("").build())
                        .build());
        quarry.awaitRecord(quarry.topics.scheduleStates(), "b", ScheduleState.class, row -> true);
        quarry.send(
                quarry.topics.scheduleEvents(),
                "b",
                ScheduleEvent.newBuilder()
                        .setType(ScheduleEventType.BACKFILL)
                        .setSchedule("b")
                        .setAt(Instant.now())
                        .setBackfill(Backfill.newBuilder()
                                .setId(ID)
                                .setFrom(FIRST)
                                .setTo(FIRST.plus(Duration.ofHours(ticks)))
                                .setConcurrency(concurrency)
                                .build())
                        .build());
    }

    /** Jobs that were ended so far. */
    long ended() {
        return rows.stream().filter(row -> row.getState() != null).count();
    }

    boolean over() {
        return state != null && state.getEndedAt() != null;
    }

    /** Looks at what came and ends one job. */
    void work() {
        for (ConsumerRecord<byte[], byte[]> record : quarry.poll(Duration.ofMillis(20))) {
            if (record.topic().equals(quarry.topics.ticks())) {
                rows.add(quarry.read(record, ScheduleTick.class));
            } else if (record.topic().equals(quarry.topics.jobs("default"))) {
                jobs.merge(TestInstallation.text(record.key()), 1, Integer::sum);
            } else if (record.topic().equals(quarry.topics.scheduleStates())) {
                quarry.read(record, ScheduleState.class).getBackfills().forEach(backfill -> state = backfill);
            } else if (record.topic().equals(quarry.topics.states())) {
                JobState row = quarry.read(record, JobState.class);
                if (row.getState() == State.QUEUED && taken.add(row.getJob().getId())) {
                    waiting.add(row);
                }
            }
        }
        JobState next = waiting.poll();
        if (next != null) {
            String claim = next.getJob().getId() + "/1";
            quarry.event(claimed(next.getJob(), 1, claim, next.getSource()));
            quarry.event(finished(next.getJob(), claim, Outcome.SUCCEEDED, null));
        }
    }

    /** Every tick has one job and one row, in the order of ticks, and never were there more at a time than allowed. */
    void assertOneOfEachInOrder(int concurrency) {
        assertThat(jobs.keySet()).containsExactlyInAnyOrderElementsOf(wanted);
        assertThat(jobs.values()).containsOnly(1);
        assertThat(rows.stream().filter(row -> row.getState() == null).map(ScheduleTick::getJobId))
                .containsExactlyElementsOf(wanted);
        assertThat(rows.stream()
                        .filter(row -> row.getState() == State.SUCCEEDED)
                        .map(ScheduleTick::getJobId))
                .containsExactlyInAnyOrderElementsOf(wanted);
        int open = 0;
        int most = 0;
        for (ScheduleTick row : rows) {
            open += row.getState() == null ? 1 : -1;
            most = Math.max(most, open);
        }
        assertThat(most).as("jobs at a time").isEqualTo(concurrency);
        assertThat(state).satisfies(end -> assertThat(end.getSucceeded()).isEqualTo(wanted.size()));
    }
}
