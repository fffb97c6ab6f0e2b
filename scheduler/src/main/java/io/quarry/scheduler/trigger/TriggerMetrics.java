package io.quarry.scheduler.trigger;

import io.quarry.avro.ScheduleTick;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.metrics.Sensor;
import org.apache.kafka.common.metrics.stats.CumulativeCount;
import org.apache.kafka.common.metrics.stats.Max;
import org.apache.kafka.streams.StreamsMetrics;

/** The numbers that one task of the schedules shows: what became of ticks and how late they were. One thread. */
final class TriggerMetrics {
    private static final String GROUP = "stream-trigger-metrics";

    private final StreamsMetrics metrics;
    private final String task;
    private final Sensor unreadable;
    private final Sensor refused;
    private final Sensor unmarked;
    private final Map<String, Sensor> outcomes = new HashMap<>();
    private final Sensor lateness;

    TriggerMetrics(StreamsMetrics metrics, String task) {
        this.metrics = metrics;
        this.task = task;
        this.unreadable = metrics.addRateTotalSensor("trigger", task, "unreadable", Sensor.RecordingLevel.INFO);
        this.refused = metrics.addRateTotalSensor("trigger", task, "refused", Sensor.RecordingLevel.INFO);
        this.unmarked = metrics.addRateTotalSensor("trigger", task, "unmarked", Sensor.RecordingLevel.INFO);
        this.lateness = sensor("lateness-ms-max", "");
        lateness.add(new MetricName("lateness-ms-max", GROUP, "", Map.of("task-id", task)), new Max());
    }

    /** An event that nobody can read, or that makes no sense. */
    void unreadable() {
        unreadable.record();
    }

    /** A definition that breaks a rule. */
    void refused() {
        refused.record();
    }

    /** A task that decides ticks without knowing that it has read all that was written before it began. */
    void unmarked() {
        unmarked.record();
    }

    void row(ScheduleTick row) {
        String what = row.getState() == null
                ? row.getOutcome().name().toLowerCase(Locale.ROOT)
                : "ended-" + row.getState().name().toLowerCase(Locale.ROOT);
        outcomes.computeIfAbsent(what, this::counter).record();
    }

    void lateness(long millis) {
        lateness.record((double) millis);
    }

    private Sensor counter(String outcome) {
        Sensor sensor = sensor("ticks-total", outcome);
        sensor.add(
                new MetricName("ticks-total", GROUP, "", Map.of("task-id", task, "outcome", outcome)),
                new CumulativeCount());
        return sensor;
    }

    private Sensor sensor(String name, String outcome) {
        return metrics.addSensor(
                "quarry.trigger." + name + "." + outcome + "." + task + "."
                        + Thread.currentThread().getName(),
                Sensor.RecordingLevel.INFO);
    }

    /** Takes away what only this task knows; another process shows it from now on. */
    void close() {
        outcomes.values().forEach(metrics::removeSensor);
        outcomes.clear();
        metrics.removeSensor(lateness);
    }
}
