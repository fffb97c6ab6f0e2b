package io.quarry.scheduler.trigger;

import static io.quarry.scheduler.trigger.ScheduleLog.schedule;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Backfill;
import io.quarry.avro.CatchUpPolicy;
import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.OverlapPolicy;
import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleEventType;
import io.quarry.avro.ScheduleTick;
import io.quarry.avro.State;
import io.quarry.avro.TickOutcome;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every overlap policy with whatever may happen while a predecessor runs, and every catch-up policy with every way to miss ticks,
 * against {@code schedule-policies.txt}, which is written to be read.
 */
class PolicyTableTest {
    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:30Z");
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final String FIRST = "a:2026-01-01T00:01:00Z";
    private static final Cause CATALOG =
            new Cause(CauseType.USER_ERROR, "offline_query.outputs[0] is airport.mayor: unknown feature", Map.of());

    /** What happens at 00:02:30, when the job of 00:01 runs and the tick of 00:02 has met it. */
    private static final Map<String, Consumer<ScheduleLog>> MEANWHILE = new LinkedHashMap<>();
    /** What is missed from 00:00:30 on. */
    private static final Map<String, Consumer<ScheduleLog>> MISSED = new LinkedHashMap<>();
    /** After these two jobs may run at once. */
    private static final Set<String> TOGETHER = Set.of("it is run by hand", "it is allowed from now on");

    static {
        MEANWHILE.put("nothing happens", log -> {});
        for (State end : List.of(State.SUCCEEDED, State.FAILED, State.EXPIRED, State.CANCELLED)) {
            MEANWHILE.put("the predecessor is " + end, log -> log.end(FIRST, end));
        }
        MEANWHILE.put("the predecessor's row is removed", log -> log.forget(FIRST));
        MEANWHILE.put(
                "the predecessor fails, since the catalog has changed", log -> log.end(FIRST, State.FAILED, CATALOG));
        MEANWHILE.put("the second failure in a row", log -> {
            log.end(FIRST, State.FAILED);
            log.pass(MINUTE);
            log.jobIds().stream().skip(1).limit(1).forEach(second -> log.end(second, State.FAILED));
        });
        MEANWHILE.put("its group vanishes, and the predecessor succeeds", log -> {
            log.vanish("default");
            log.end(FIRST, State.SUCCEEDED);
        });
        MEANWHILE.put("it is paused, and resumed after a minute", log -> {
            log.send(log.event(ScheduleEventType.PAUSE, "a").setReason("moving"));
            log.pass(MINUTE);
            log.send(log.event(ScheduleEventType.RESUME, "a"));
        });
        MEANWHILE.put("it is defined as paused", log -> log.define(minutely().setPaused("not now")));
        MEANWHILE.put("it is deleted", log -> log.remove("a"));
        MEANWHILE.put("it is allowed from now on", log -> log.define(minutely().setOverlap(OverlapPolicy.ALLOW)));
        MEANWHILE.put("it is skipped from now on", log -> log.define(minutely().setOverlap(OverlapPolicy.SKIP)));
        MEANWHILE.put(
                "it ticks every two minutes from now on",
                log -> log.define(minutely().setCron("*/2 * * * *")));
        MEANWHILE.put(
                "it is run by hand",
                log -> log.send(log.event(ScheduleEventType.TRIGGER, "a").setRequest("manual-1")));
        MEANWHILE.put(
                "a backfill of one tick",
                log -> log.send(log.event(ScheduleEventType.BACKFILL, "a")
                        .setBackfill(Backfill.newBuilder()
                                .setId("b-1")
                                .setFrom(Instant.parse("2026-01-01T00:00:00Z"))
                                .setTo(Instant.parse("2026-01-01T00:00:30Z"))
                                .build())));
        MEANWHILE.put("an outage of three minutes", log -> log.outage(MINUTE.multipliedBy(3)));
        MEANWHILE.put("the clock is set back by two minutes", log -> {
            log.setClocks(MINUTE.multipliedBy(-2));
            // Other words for the same times: a new rule that counts from an instant which has been already.
            log.define(minutely().setCron("*/1 * * * *"));
            log.pass(MINUTE);
        });

        MISSED.put("an outage of four minutes", log -> log.outage(MINUTE.multipliedBy(4)));
        MISSED.put("the clock is set forward by four minutes, and back", log -> {
            log.setClocks(MINUTE.multipliedBy(4));
            log.wake(3);
            log.setClocks(MINUTE.multipliedBy(-4));
            log.pass(MINUTE.multipliedBy(4));
        });
        MISSED.put("an outage longer than the window of ten minutes", log -> log.outage(MINUTE.multipliedBy(12)));
        MISSED.put("an outage while it is paused", log -> {
            log.send(log.event(ScheduleEventType.PAUSE, "a").setReason("moving"));
            log.outage(MINUTE.multipliedBy(3));
            log.send(log.event(ScheduleEventType.RESUME, "a"));
        });
        MISSED.put("an outage in which it is deleted", log -> {
            log.later(MINUTE.multipliedBy(3));
            log.remove("a");
        });
        MISSED.put("an outage in which its group vanishes", log -> {
            log.later(MINUTE.multipliedBy(3));
            log.vanish("default");
            log.wake(1);
        });
        MISSED.put("an outage in which it gets another rule", log -> {
            log.later(MINUTE.multipliedBy(3));
            log.define(minutely().setCron("*/5 * * * *"));
        });
    }

    @TempDir
    Path directory;

    private static Schedule.Builder minutely() {
        return schedule("a", "* * * * *").setMaxFailures(2).setCatchUpWindowMs(600_000);
    }

    @Test
    void everyPolicyAnswersEveryEventAsTheTableSays() throws IOException {
        StringBuilder table = new StringBuilder("""
                # What becomes of the ticks of schedule a, one each minute, paused after two failures in a row.
                # Each line: tick, outcome or the end of its job, (cause). Jobs that are still open end well at last, and one minute passes.

                # Overlap policies. 00:01 runs and 00:02 has met it when, at 00:02:30 ...
                """);
        for (OverlapPolicy policy : OverlapPolicy.values()) {
            if (policy != OverlapPolicy.UNKNOWN) {
                MEANWHILE.forEach((name, event) ->
                        add(table, word(policy), name, story(minutely().setOverlap(policy), 2, event, name)));
            }
        }
        table.append("\n# Catch-up policies, with overlap allow. Known from 00:00:30 on, then ...\n");
        Map<String, Schedule.Builder> policies = new LinkedHashMap<>();
        policies.put("none", minutely().setCatchUp(CatchUpPolicy.NONE));
        policies.put("latest", minutely().setCatchUp(CatchUpPolicy.LATEST).setCatchUpMax(1));
        policies.put("3", minutely().setCatchUp(CatchUpPolicy.LATEST).setCatchUpMax(3));
        policies.put("all", minutely().setCatchUp(CatchUpPolicy.ALL));
        policies.forEach((word, policy) -> MISSED.forEach((name, event) ->
                add(table, "catch_up " + word, name, story(policy.setOverlap(OverlapPolicy.ALLOW), 0, event, name))));
        Files.writeString(Path.of("target", "schedule-policies.txt"), table);
        try (InputStream in = Objects.requireNonNull(getClass().getResourceAsStream("/schedule-policies.txt"))) {
            assertThat(table.toString()).isEqualTo(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void everyOutcomeIsInTheTable() throws IOException {
        try (InputStream in = Objects.requireNonNull(getClass().getResourceAsStream("/schedule-policies.txt"))) {
            assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8))
                    .contains(Arrays.stream(TickOutcome.values())
                            .filter(outcome -> outcome != TickOutcome.UNKNOWN)
                            .map(outcome -> " " + word(outcome))
                            .toList());
        }
    }

    private static void add(StringBuilder table, String policy, String event, List<String> story) {
        table.append('\n').append(policy).append(": ").append(event).append('\n');
        story.forEach(line -> table.append("    ").append(line).append('\n'));
    }

    private List<String> story(Schedule.Builder definition, int minutes, Consumer<ScheduleLog> event, String name) {
        List<ScheduleTick> rows = new ArrayList<>();
        Set<String> open = new LinkedHashSet<>();
        Set<String> begun = new LinkedHashSet<>();
        boolean together = definition.getOverlap() == OverlapPolicy.ALLOW || TOGETHER.contains(name);
        try (ScheduleLog log = new ScheduleLog(directory, BEGIN)) {
            log.define(definition);
            log.pass(MINUTE.multipliedBy(minutes));
            event.accept(log);
            log.pass(MINUTE);
            for (int round = 0; round < 20; round++) {
                List<ScheduleTick> more = log.rows();
                more.forEach(row -> see(row, open, begun, together));
                rows.addAll(more);
                if (open.isEmpty()) {
                    break;
                }
                log.end(open.iterator().next(), State.SUCCEEDED);
            }
            assertThat(open).as("nothing waits for ever").isEmpty();
            log.pass(MINUTE);
            rows.addAll(log.rows());
            List<String> story =
                    new ArrayList<>(rows.stream().map(PolicyTableTest::line).toList());
            log.jobEvents().forEach(cancel -> story.add("asked to cancel " + brief(cancel.getJobId())));
            assertThat(rows.stream().filter(row -> row.getOutcome() != TickOutcome.TRIGGERED))
                    .as("who does not run at its time has a cause")
                    .noneMatch(row -> row.getCause().isEmpty() && row.getOutcome() != TickOutcome.BACKFILLED);
            return story;
        }
    }

    private static void see(ScheduleTick row, Set<String> open, Set<String> begun, boolean together) {
        String id = row.getJobId();
        if (id == null) {
            return;
        }
        if (row.getState() != null) {
            assertThat(open.remove(id)).as("closed once: " + row).isTrue();
            return;
        }
        assertThat(begun.add(id)).as("begun once: " + row).isTrue();
        if (row.getBackfill() == null) {
            assertThat(together || open.stream().allMatch(other -> other.endsWith(":b-1")))
                    .as("two at once: " + row)
                    .isTrue();
        }
        open.add(id);
    }

    private static String line(ScheduleTick row) {
        String what =
                row.getState() == null ? word(row.getOutcome()) : row.getState().name();
        return row.getTick().toString().substring(11, 16) + " " + what
                + (row.getCause().isEmpty() ? "" : " (" + brief(row.getCause()) + ")");
    }

    private static String brief(String text) {
        return text.replaceAll("2026-01-01T([0-9:]{5}):00Z", "$1").replaceAll("2026-01-01T([0-9:]{8})Z", "$1");
    }

    private static String word(Enum<?> name) {
        return name.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
