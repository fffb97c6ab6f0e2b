package io.quarry.local.cli;

import io.quarry.avro.Schedule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Somebody else who wrote a schedule while it was being applied. The later record counts.
 *
 * @param by who applied it; null when it was deleted
 * @param counts whether theirs is the later one, and another one than ours
 */
record ScheduleRival(String schedule, @Nullable String by, boolean counts) {
    /**
     * Whom the schedules that were written have met, each by what counts in the end.
     *
     * @param since all that was written since before they were compared with the files
     * @param mine offsets of the records that were written, by schedule
     */
    static List<ScheduleRival> of(List<ScheduleTopics.Written> since, Map<String, Long> mine) {
        Map<String, ScheduleTopics.Written> own = new HashMap<>();
        Map<String, ScheduleTopics.Written> theirs = new HashMap<>();
        for (ScheduleTopics.Written record : since) {
            Long offset = mine.get(record.name());
            if (offset != null) {
                (offset == record.offset() ? own : theirs).put(record.name(), record);
            }
        }
        List<ScheduleRival> rivals = new ArrayList<>();
        theirs.forEach((name, their) -> {
            ScheduleTopics.Written our = own.get(name);
            boolean later = our == null || their.offset() > our.offset();
            Schedule schedule = their.schedule();
            rivals.add(new ScheduleRival(
                    name, schedule == null ? null : schedule.getAppliedBy(), later && !same(our, schedule)));
        });
        return rivals;
    }

    /** Whether both want the same, whoever they are. */
    private static boolean same(ScheduleTopics.@Nullable Written our, @Nullable Schedule their) {
        Schedule own = our == null ? null : our.schedule();
        if (own == null || their == null) {
            return our != null && own == null && their == null;
        }
        return Schedule.newBuilder(own)
                .setAppliedBy(their.getAppliedBy())
                .build()
                .equals(their);
    }

    String said() {
        return "schedule " + schedule + " was " + (by == null ? "deleted" : "applied by " + by) + " at the same time: "
                + (counts
                        ? "theirs is the later one and counts; look at it with 'quarry schedules show " + schedule
                                + "' and apply again"
                        : "yours counts");
    }
}
