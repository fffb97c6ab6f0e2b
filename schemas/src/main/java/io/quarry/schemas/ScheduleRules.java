package io.quarry.schemas;

import io.quarry.avro.CatchUpPolicy;
import io.quarry.avro.Job;
import io.quarry.avro.OverlapPolicy;
import io.quarry.avro.Schedule;
import io.quarry.schemas.schedule.JobTemplate;
import io.quarry.schemas.schedule.TemplateException;
import io.quarry.schemas.schedule.TickIds;
import io.quarry.schemas.schedule.Ticks;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Rules that a schedule obeys. Pure: whether its group exists is checked where the groups are known. */
public final class ScheduleRules {
    private static final int MOST_TIMES = 10_000;
    private static final Instant SAMPLE = Instant.parse("2026-01-01T00:00:00Z");
    /** What a template is checked with whose own schedule cannot be followed: it may be wrong on its own. Long enough for offsets. */
    private static final Ticks YEARLY = Ticks.of(Schedule.newBuilder()
            .setName("")
            .setJob(Job.newBuilder().setId("").build())
            .setEveryMs(Duration.ofDays(365).toMillis())
            .build());
    /** Checked in the place of an id that comes with the tick. */
    private static final String SOME_ID = "x";

    private ScheduleRules() {}

    /** Every rule that a schedule breaks; empty for a good one. */
    public static List<Violation> check(Schedule schedule) {
        Findings found = new Findings();
        found.require(
                TickIds.validName(schedule.getName()),
                "name",
                schedule.getName(),
                "must have 1 to 120 characters of a-z 0-9 . _ and -, and begin with a letter");
        Ticks ticks = ticks(found, schedule);
        limits(found, schedule);
        found.length(0, 1000, "paused", schedule.getPaused());
        found.length(0, 200, "owner", schedule.getOwner());
        found.labels("tags", schedule.getTags(), 64, 1000);
        job(found, schedule, ticks);
        return found.list();
    }

    private static @Nullable Ticks ticks(Findings found, Schedule schedule) {
        boolean one = oneSaysWhen(found, schedule);
        Long every = schedule.getEveryMs();
        found.atLeast(Ticks.LEAST_EVERY_MS, "every_ms", every);
        found.require(
                every == null || every <= Ticks.MOST_EVERY_MS,
                "every_ms",
                every,
                "must be at most " + Ticks.MOST_EVERY_MS + ", a hundred years");
        List<Instant> times = schedule.getTimes();
        found.require(times.size() <= MOST_TIMES, "times", times.size() + " entries", "must be at most " + MOST_TIMES);
        for (int i = 1; i < times.size(); i++) {
            found.require(
                    times.get(i).isAfter(times.get(i - 1)),
                    "times[" + i + "]",
                    times.get(i),
                    "must be after the one before");
        }
        Instant start = schedule.getStart();
        Instant end = schedule.getEnd();
        found.require(start == null || end == null || start.isBefore(end), "end", end, "must be after start");
        boolean counted = instant(found, "start", start);
        counted &= instant(found, "end", end);
        for (int i = 0; i < times.size(); i++) {
            counted &= instant(found, "times[" + i + "]", times.get(i));
        }
        if (!one || !counted || (every != null && (every < Ticks.LEAST_EVERY_MS || every > Ticks.MOST_EVERY_MS))) {
            return null;
        }
        try {
            Ticks ticks = Ticks.of(schedule);
            Instant first = start == null ? Instant.EPOCH : start;
            found.require(
                    ticks.next(first.minusMillis(1)) != null,
                    "end",
                    end,
                    "there is no tick from start to end: it never fires");
            return ticks;
        } catch (IllegalArgumentException e) {
            boolean zone =
                    schedule.getCron() == null || String.valueOf(e.getMessage()).contains("time zone");
            found.require(
                    false,
                    zone ? "zone" : "cron",
                    zone ? schedule.getZone() : schedule.getCron(),
                    String.valueOf(e.getMessage()));
            return null;
        }
    }

    /** Whether an instant that is present is one that ticks can be counted from. */
    private static boolean instant(Findings found, String field, @Nullable Instant at) {
        boolean good = at == null || Ticks.counts(at);
        found.require(good, field, at, "must be from " + Ticks.EARLIEST + " to " + Ticks.LATEST);
        return good;
    }

    private static boolean oneSaysWhen(Findings found, Schedule schedule) {
        Map<String, Object> set = new LinkedHashMap<>();
        if (schedule.getCron() != null) {
            set.put("cron", schedule.getCron());
        }
        if (schedule.getEveryMs() != null) {
            set.put("every_ms", schedule.getEveryMs());
        }
        if (!schedule.getTimes().isEmpty()) {
            set.put("times", schedule.getTimes().size() + " entries");
        }
        String rule = "exactly one of cron, every and times must say when";
        found.require(!set.isEmpty(), "cron", "absent, as are every and times", rule);
        List<String> names = List.copyOf(set.keySet());
        for (String more : names.subList(Math.min(1, names.size()), names.size())) {
            found.require(false, more, set.get(more), rule + ", and " + names.get(0) + " does already");
        }
        return names.size() == 1;
    }

    private static void limits(Findings found, Schedule schedule) {
        long day = Duration.ofDays(1).toMillis();
        found.require(
                schedule.getJitterMs() >= 0 && schedule.getJitterMs() <= day,
                "jitter_ms",
                schedule.getJitterMs(),
                "must be from 0 to " + day + ", a day");
        found.require(
                schedule.getOverlap() != OverlapPolicy.UNKNOWN,
                "overlap",
                schedule.getOverlap(),
                "must be SKIP, QUEUE_ONE, QUEUE_ALL, CANCEL_PREVIOUS or ALLOW");
        found.require(
                schedule.getCatchUp() != CatchUpPolicy.UNKNOWN,
                "catch_up",
                schedule.getCatchUp(),
                "must be NONE, LATEST or ALL");
        found.require(
                schedule.getCatchUpMax() >= 1 && schedule.getCatchUpMax() <= 1000,
                "catch_up_max",
                schedule.getCatchUpMax(),
                "must be from 1 to 1000");
        found.atLeast(0, "catch_up_window_ms", schedule.getCatchUpWindowMs());
        found.atLeast(0, "max_failures", schedule.getMaxFailures());
    }

    private static void job(Findings found, Schedule schedule, @Nullable Ticks ticks) {
        Job job = schedule.getJob();
        found.require(job.getId().isEmpty(), "job.id", job.getId(), "must be left out: each tick makes its own");
        for (String tag : JobTemplate.OWN_TAGS) {
            found.require(
                    !job.getTags().containsKey(tag),
                    "job.tags." + tag,
                    job.getTags().get(tag),
                    "must be left out: the scheduler sets it");
        }
        try {
            Instant sample = ticks == null ? null : ticks.next(SAMPLE);
            Job filled = JobTemplate.fill(
                    schedule, ticks == null ? YEARLY : ticks, sample == null ? SAMPLE : sample, SOME_ID);
            for (Violation broken : JobRules.check(filled)) {
                found.require(false, "job." + broken.field(), broken.value(), broken.rule());
            }
        } catch (TemplateException e) {
            for (Violation broken : e.violations()) {
                found.require(false, "job." + broken.field(), broken.value(), broken.rule());
            }
            // The rest of it, as far as it follows from no placeholder.
            Job unfilled = Job.newBuilder(job).setId(SOME_ID).build();
            for (Violation broken : JobRules.check(unfilled)) {
                boolean known =
                        !broken.value().contains("{{") && !schedule.getMoments().containsKey(broken.field());
                found.require(!known, "job." + broken.field(), broken.value(), broken.rule());
            }
        }
    }
}
