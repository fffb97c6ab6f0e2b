package io.quarry.schemas.schedule;

import java.time.Instant;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Ids of the jobs of ticks: equal ticks, equal jobs, whoever makes them. Part of the contract: they never change. */
public final class TickIds {
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9._-]{0,119}");
    private static final Pattern BACKFILL = Pattern.compile("[a-z0-9-]{1,40}");
    private static final Pattern JOB = Pattern.compile(
            "([a-z][a-z0-9._-]{0,119}):[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?Z(:[a-z0-9-]{1,40})?");

    private TickIds() {}

    /** Whether a text may be a schedule's name. */
    public static boolean validName(String name) {
        return NAME.matcher(name).matches();
    }

    /** Whether a text may be the name of a backfill or of a request for a manual run. */
    public static boolean validBackfill(String id) {
        return BACKFILL.matcher(id).matches();
    }

    /** The job of a tick. */
    public static String job(String schedule, Instant tick) {
        return schedule + ":" + tick;
    }

    /**
     * The job of a tick in a backfill, or of a manual run.
     *
     * @param what name of the backfill or of the request
     */
    public static String job(String schedule, Instant tick, String what) {
        return job(schedule, tick) + ":" + what;
    }

    /** The schedule of a job; empty for a job that is none of a schedule. */
    public static Optional<String> scheduleOf(String jobId) {
        Matcher matcher = JOB.matcher(jobId);
        return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
    }
}
