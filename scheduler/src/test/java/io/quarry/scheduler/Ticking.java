package io.quarry.scheduler;

import static io.quarry.scheduler.TestInstallation.job;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarry.avro.CatchUpPolicy;
import io.quarry.avro.Job;
import io.quarry.avro.OverlapPolicy;
import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleState;
import io.quarry.avro.ScheduleTick;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Schedules that tick each second, and what became of their ticks. */
final class Ticking {
    private final TestInstallation quarry;
    private final int schedules;
    private final Map<String, Integer> decisions = new HashMap<>();
    private final Map<String, Integer> jobs = new HashMap<>();
    private final Map<String, ScheduleState> states = new HashMap<>();
    private final List<ScheduleTick> rows = new ArrayList<>();

    Ticking(TestInstallation quarry, int schedules) {
        this.quarry = quarry;
        this.schedules = schedules;
        quarry.read(quarry.topics.ticks(), quarry.topics.scheduleStates(), quarry.topics.jobs("default"));
        for (int i = 0; i < schedules; i++) {
            Job template = Job.newBuilder(job()).setId("").build();
            quarry.send(
                    quarry.topics.schedules(),
                    "s" + i,
                    Schedule.newBuilder()
                            .setName("s" + i)
                            .setCron("* * * * * *")
                            .setJob(template)
                            .setOverlap(OverlapPolicy.ALLOW)
                            .setCatchUp(CatchUpPolicy.ALL)
                            .build());
        }
    }

    /** Rows of one of them so far, without those that say how a job ended. */
    List<ScheduleTick> rows(String schedule) {
        return rows.stream().filter(row -> row.getSchedule().equals(schedule)).toList();
    }

    int jobs() {
        return jobs.size();
    }

    void awaitJobs(int atLeast) {
        await().atMost(Duration.ofMinutes(2)).pollInSameThread().until(() -> {
            look();
            return jobs.size() >= atLeast;
        });
    }

    /** Waits until every schedule has decided all ticks up to an instant. */
    void awaitUntil(Instant instant) {
        awaitUntil(instant, schedules);
    }

    /** The same where some of them may be gone. */
    void awaitUntil(Instant instant, int left) {
        await().atMost(Duration.ofMinutes(2)).pollInSameThread().until(() -> {
            look();
            return states.size() == left
                    && states.values().stream()
                            .allMatch(state -> !state.getCursor().isBefore(instant) && seen(state));
        });
    }

    /** Whether what was decided with the state was read, too: it lies in other topics. */
    private boolean seen(ScheduleState state) {
        return rows.stream()
                .anyMatch(row -> row.getSchedule().equals(state.getName())
                        && row.getTick().equals(state.getCursor())
                        && (row.getJobId() == null || jobs.containsKey(row.getJobId())));
    }

    private void look() {
        for (ConsumerRecord<byte[], byte[]> record : quarry.poll(Duration.ofMillis(100))) {
            if (record.topic().equals(quarry.topics.ticks())) {
                ScheduleTick row = quarry.read(record, ScheduleTick.class);
                if (row.getState() == null) {
                    rows.add(row);
                    decisions.merge(row.getSchedule() + ":" + row.getTick(), 1, Integer::sum);
                }
            } else if (record.topic().equals(quarry.topics.scheduleStates()) && record.value() == null) {
                states.remove(TestInstallation.text(record.key()));
            } else if (record.topic().equals(quarry.topics.scheduleStates())) {
                ScheduleState state = quarry.read(record, ScheduleState.class);
                states.put(state.getName(), state);
            } else if (record.topic().equals(quarry.topics.jobs("default"))) {
                jobs.merge(TestInstallation.text(record.key()), 1, Integer::sum);
            }
        }
    }

    void assertOneDecisionAndOneJobEach() {
        Set<String> expected = new HashSet<>();
        Instant end = Instant.MAX;
        for (ScheduleState state : states.values()) {
            end = state.getCursor().isBefore(end) ? state.getCursor() : end;
        }
        for (ScheduleState state : states.values()) {
            Instant tick = state.getSince().truncatedTo(ChronoUnit.SECONDS).plusSeconds(1);
            for (; !tick.isAfter(end); tick = tick.plusSeconds(1)) {
                expected.add(state.getName() + ":" + tick);
            }
        }
        assertThat(decisions.keySet()).containsAll(expected);
        assertThat(decisions.values()).containsOnly(1);
        assertThat(jobs.keySet()).containsAll(expected);
        assertThat(jobs.values()).containsOnly(1);
        assertThat(quarry.audit().findings()).isEmpty();
    }
}
