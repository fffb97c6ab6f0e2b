package io.quarry.scheduler.lifecycle;

import io.quarry.avro.Cause;
import io.quarry.avro.JobState;
import io.quarry.avro.Owner;
import io.quarry.avro.State;
import io.quarry.schemas.States;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.metrics.Sensor;
import org.apache.kafka.common.metrics.stats.CumulativeCount;
import org.apache.kafka.common.metrics.stats.Value;
import org.apache.kafka.streams.StreamsMetrics;
import org.jspecify.annotations.Nullable;

/** The numbers that one task of the lifecycle shows: what became of events, of attempts and of jobs, and how many wait. One thread. */
final class LifecycleMetrics {
    private static final String GROUP = "stream-lifecycle-metrics";

    /** What a change of a row may mean beside its state. */
    enum Mark {
        DUPLICATES,
        CONFLICTS,
        REQUEUES,
        LOST,
        CAME_BACK
    }

    private final StreamsMetrics metrics;
    private final String task;
    private final Map<Step.Kind, Sensor> kinds = new EnumMap<>(Step.Kind.class);
    private final Map<Mark, Sensor> marks = new EnumMap<>(Mark.class);
    private final Sensor unreadable;
    private final Sensor remade;
    private final Map<MetricName, Sensor> tagged = new HashMap<>();

    LifecycleMetrics(StreamsMetrics metrics, String task) {
        this.metrics = metrics;
        this.task = task;
        for (Step.Kind kind : Step.Kind.values()) {
            kinds.put(kind, counter(word(kind)));
        }
        for (Mark mark : Mark.values()) {
            marks.put(mark, counter(word(mark)));
        }
        this.unreadable = counter("unreadable");
        this.remade = counter("queues-remade");
    }

    private static String word(Enum<?> name) {
        return name.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }

    private Sensor counter(String operation) {
        return metrics.addRateTotalSensor("lifecycle", task, operation, Sensor.RecordingLevel.INFO);
    }

    void unreadable() {
        unreadable.record();
    }

    /** Counts a queue that was deleted and made anew. */
    void remade() {
        remade.record();
    }

    void step(@Nullable JobState before, Step step) {
        Objects.requireNonNull(kinds.get(step.kind())).record();
        JobState after = step.state();
        if (step.kind() != Step.Kind.CHANGED || after == null) {
            return;
        }
        marks(before, after)
                .forEach(mark -> Objects.requireNonNull(marks.get(mark)).record());
        if (before == null || before.getState() != after.getState()) {
            count("entered-total", "state", after.getState().name());
            if (States.isFinal(after.getState())) {
                count("ended-by-cause-total", "cause", cause(after.getCause()));
            }
            if (before != null && before.getState() == State.RUNNING) {
                count("attempts-ended-by-cause-total", "cause", cause(after.getCause()));
            }
        }
    }

    private static String cause(@Nullable Cause cause) {
        return cause == null ? "NONE" : cause.getType().name();
    }

    /** What a change means: pure. */
    static Set<Mark> marks(@Nullable JobState before, JobState after) {
        Set<Mark> marks = EnumSet.noneOf(Mark.class);
        if (before == null) {
            return marks;
        }
        if (after.getDuplicates() > before.getDuplicates()) {
            marks.add(Mark.DUPLICATES);
        }
        if (after.getConflict() && !before.getConflict()) {
            marks.add(Mark.CONFLICTS);
        }
        if (after.getRequeues() > before.getRequeues() && !States.isFinal(after.getState())) {
            marks.add(Mark.REQUEUES);
        }
        Owner lost = before.getLostOwner();
        if (lost == null && after.getLostOwner() != null) {
            marks.add(Mark.LOST);
        }
        if (lost != null
                && after.getOwner() != null
                && after.getOwner().getClaim().equals(lost.getClaim())) {
            marks.add(Mark.CAME_BACK);
        }
        return marks;
    }

    private void count(String name, String tag, String value) {
        MetricName metric = name(name, Map.of("task-id", task, tag, value));
        tagged.computeIfAbsent(metric, m -> sensor(m, new CumulativeCount())).record();
    }

    void depth(String group, State state, long jobs) {
        show("depth", Map.of("task-id", task, "group", group, "state", state.name()), jobs);
    }

    /** Age of the oldest job that waits in a group's record, and whether it is alarming. */
    void oldest(String group, long seconds, boolean alarming) {
        Map<String, String> tags = Map.of("task-id", task, "group", group);
        show("oldest-queued-seconds", tags, seconds);
        show("oldest-queued-alarm", tags, alarming ? 1 : 0);
    }

    /** How many records of a topic lie between what its share group has passed and what intake has read. */
    void shareStartLag(String topic, long records) {
        show("share-start-lag", Map.of("task-id", task, "topic", topic), records);
    }

    private void show(String name, Map<String, String> tags, long value) {
        MetricName metric = name(name, tags);
        tagged.computeIfAbsent(metric, m -> sensor(m, new Value())).record((double) value);
    }

    private static MetricName name(String name, Map<String, String> tags) {
        return new MetricName(name, GROUP, "", tags);
    }

    private Sensor sensor(MetricName metric, org.apache.kafka.common.metrics.MeasurableStat stat) {
        Sensor sensor = metrics.addSensor(
                "quarry." + metric.name() + "." + metric.tags() + "."
                        + Thread.currentThread().getName(),
                Sensor.RecordingLevel.INFO);
        sensor.add(metric, stat);
        return sensor;
    }

    /** Takes away what only this task knows; another process shows it from now on. */
    void close() {
        tagged.values().forEach(metrics::removeSensor);
        tagged.clear();
    }
}
