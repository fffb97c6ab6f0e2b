package io.quarry.scheduler.trigger;

import io.quarry.avro.Schedule;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.zip.CRC32;

/** By how much all ticks of a schedule are moved: one number from its name, so that many schedules of one time are spread. */
final class Jitter {
    private Jitter() {}

    static Duration of(Schedule schedule) {
        long most = schedule.getJitterMs();
        if (most == 0) {
            return Duration.ZERO;
        }
        CRC32 hash = new CRC32();
        hash.update(schedule.getName().getBytes(StandardCharsets.UTF_8));
        return Duration.ofMillis(hash.getValue() % (most + 1));
    }
}
