package io.quarry.local.cli;

import io.quarry.avro.CatchUpPolicy;
import io.quarry.avro.Job;
import io.quarry.avro.OverlapPolicy;
import io.quarry.avro.Schedule;
import io.quarry.engine.catalog.Problem;
import io.quarry.local.cli.FileFields.Field;
import io.quarry.schemas.ScheduleRules;
import io.quarry.schemas.Violation;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * A schedule as people write it: YAML or JSON with {@code name}, {@code cron}, {@code every} or {@code times}, and {@code job}, which
 * is a job as in a job file whose texts and instants may be placeholders. What the file does not say is the default's.
 */
final class ScheduleFile {
    private final String file;
    private final FileFields fields;
    private final Schedule.Builder schedule =
            Schedule.newBuilder().setName("").setJob(Job.newBuilder().setId("").build());
    private final String text;
    private @Nullable Node root;
    private @Nullable Schedule made;
    private boolean jobGood = true;

    private ScheduleFile(String file, String text) {
        this.file = file;
        this.text = text;
        this.fields = new FileFields(file);
    }

    /**
     * Reads a schedule and checks its rules.
     *
     * @param name name of the file, for errors and for the directory of its input files
     * @throws JobFileException with every error at its line
     */
    static Schedule parse(String text, String name) throws JobFileException {
        return read(text, name).schedule();
    }

    /**
     * The same, with the lines still known.
     *
     * @throws JobFileException with every error at its line
     */
    static ScheduleFile read(String text, String name) throws JobFileException {
        ScheduleFile read = look(text, name);
        if (!read.fields.good()) {
            throw read.fields.refusal();
        }
        return read;
    }

    /**
     * The same, with whatever is wrong in {@link #problems()}: what the schedule's job asks for can be looked at all the same.
     *
     * @throws JobFileException when it is no YAML
     */
    static ScheduleFile look(String text, String name) throws JobFileException {
        ScheduleFile read = new ScheduleFile(name, text);
        read.made = read.read(JobFile.compose(text, name));
        return read;
    }

    /** The schedule; of a file with problems, what could be read of it. */
    Schedule schedule() {
        return Objects.requireNonNull(made);
    }

    List<Problem> problems() {
        return fields.problems();
    }

    /** Whether nothing is wrong with the template of its jobs, whatever is with the schedule itself. */
    boolean jobGood() {
        return jobGood;
    }

    /**
     * Adds what is wrong, for others' reasons than the file's, with a field of the job, at its line.
     *
     * @param broken with the name of the field as the job's record has it
     */
    void add(Violation broken) {
        FilePlaces.Place place = item(fields.places().of("job." + broken.field()), broken.value());
        fields.problemAt(place, Objects.requireNonNull(root), said(broken, place.path()));
    }

    /** The item of a list that has a value; the list's own place when none has. */
    private FilePlaces.Place item(FilePlaces.Place place, String value) {
        if (place.node() instanceof SequenceNode list) {
            for (int i = 0; i < list.getValue().size(); i++) {
                if (list.getValue().get(i) instanceof ScalarNode scalar
                        && scalar.getValue().equals(value)) {
                    return fields.places().at(place.path() + "[" + i + "]");
                }
            }
        }
        return place;
    }

    private Schedule read(Node top) {
        root = top;
        Map<String, Field> takers = new LinkedHashMap<>();
        takers.put("name", node -> fields.text(node, "name", schedule::setName));
        takers.put("cron", node -> fields.text(node, "cron", schedule::setCron));
        takers.put("every", node -> fields.duration(node, "every", schedule::setEveryMs));
        takers.put("times", node -> fields.instants(node, "times", schedule::setTimes));
        takers.put("zone", node -> fields.text(node, "zone", schedule::setZone));
        takers.put("start", node -> fields.instant(node, "start", schedule::setStart));
        takers.put("end", node -> fields.instant(node, "end", schedule::setEnd));
        takers.put("jitter", node -> fields.duration(node, "jitter", schedule::setJitterMs));
        takers.put("overlap", node -> fields.text(node, "overlap", text -> overlap(node, text)));
        takers.put("catch_up", node -> fields.text(node, "catch_up", text -> catchUp(node, text)));
        takers.put("catch_up_window", node -> fields.duration(node, "catch_up_window", schedule::setCatchUpWindowMs));
        takers.put("max_failures", node -> fields.whole(node, "max_failures", schedule::setMaxFailures));
        takers.put("paused", node -> fields.text(node, "paused", schedule::setPaused));
        takers.put("owner", node -> fields.text(node, "owner", schedule::setOwner));
        takers.put("tags", node -> fields.texts(node, "tags", schedule::setTags));
        takers.put("job", this::job);
        fields.mapping(top, "", takers);
        if (top instanceof MappingNode) {
            boolean due = Stream.of("cron", "every", "times")
                    .anyMatch(key -> fields.places().has(key) || fields.places().meant(key));
            if (!due) {
                fields.missing(
                        "cron", top, "when it is due is missing: exactly one of cron, every and times has to be set");
            }
            for (String needed : List.of("name", "job")) {
                fields.missing(needed, top, needed + " is missing: it has to be set");
            }
            boolean unread = Stream.of("every", "times")
                    .anyMatch(key -> fields.places().told(fields.places().at(key)));
            if (unread) {
                // It was read as none.
                fields.places().settled("cron");
            }
        }
        Schedule whole = schedule.build();
        if (!(top instanceof MappingNode)) {
            return whole;
        }
        for (Violation violation : ScheduleRules.check(whole)) {
            broken(violation);
        }
        return whole;
    }

    private void broken(Violation violation) {
        String field = violation.field().equals("catch_up_max") ? "catch_up" : violation.field();
        FilePlaces.Place place = fields.places().of(field);
        jobGood &= !field.startsWith("job.");
        String what = said(violation, place.path());
        Problem placeholder = violation.value().contains("{{") && place.node() != null
                ? placeholder(place.node(), violation.value(), what)
                : null;
        if (placeholder != null) {
            fields.add(List.of(placeholder));
        } else {
            fields.problemAt(place, Objects.requireNonNull(root), what);
        }
    }

    /** A placeholder at its own line and column within a text of many; null where the text is written in other words. */
    private @Nullable Problem placeholder(Node node, String written, String what) {
        int from = node.getStartMark().map(Mark::getIndex).orElse(0);
        int to = node.getEndMark().map(Mark::getIndex).orElse(text.length());
        int[] points = text.codePoints().toArray();
        String before = new String(points, 0, Math.min(from, points.length));
        int at = text.indexOf(written, before.length());
        if (at < 0 || text.codePointCount(0, at) >= to) {
            return null;
        }
        int start = text.lastIndexOf('\n', at - 1) + 1;
        int line = (int) text.substring(0, at).chars().filter(c -> c == '\n').count() + 1;
        return new Problem(file, line, text.codePointCount(start, at) + 1, what);
    }

    private static String said(Violation broken, String path) {
        return FilePlaces.said(broken, path);
    }

    private void overlap(Node node, String text) {
        try {
            schedule.setOverlap(
                    OverlapPolicy.valueOf(text.toUpperCase(Locale.ROOT).replace('-', '_')));
        } catch (IllegalArgumentException e) {
            fields.problem(
                    node,
                    "overlap is '" + text + "': must be "
                            + String.join(
                                    ", ",
                                    Arrays.stream(OverlapPolicy.values())
                                            .filter(policy -> policy != OverlapPolicy.UNKNOWN)
                                            .map(ScheduleFile::word)
                                            .toList()));
        }
    }

    private void catchUp(Node node, String text) {
        switch (text) {
            case "none" -> schedule.setCatchUp(CatchUpPolicy.NONE);
            case "latest" -> schedule.setCatchUp(CatchUpPolicy.LATEST).setCatchUpMax(1);
            case "all" -> schedule.setCatchUp(CatchUpPolicy.ALL);
            default -> {
                if (text.matches("[0-9]{1,4}")) {
                    schedule.setCatchUp(CatchUpPolicy.LATEST).setCatchUpMax(Integer.parseInt(text));
                } else {
                    fields.problem(
                            node,
                            "catch_up is '" + text
                                    + "': must be none, latest, all, or how many of the latest, from 1 to" + " 1000");
                }
            }
        }
    }

    private void job(Node node) {
        Map<String, String> moments = new LinkedHashMap<>();
        JobFileReader reader = new JobFileReader(file, moments, fields.places());
        Job job = (Job) reader.record(node, Job.getClassSchema(), "job");
        fields.add(reader.problems());
        jobGood = reader.problems().isEmpty();
        schedule.setJob(SubmittedFile.located(job, file));
        Map<String, String> below = new LinkedHashMap<>();
        moments.forEach((path, moment) -> below.put(path.substring("job.".length()), moment));
        schedule.setMoments(below);
    }

    static String word(Enum<?> name) {
        return name.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The schedule as such a file: reads back as the same. */
    static Map<String, Object> tree(Schedule schedule) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("name", schedule.getName());
        put(tree, "cron", schedule.getCron());
        if (schedule.getEveryMs() != null) {
            tree.put("every", Durations.format(Duration.ofMillis(schedule.getEveryMs())));
        }
        if (!schedule.getTimes().isEmpty()) {
            tree.put(
                    "times", schedule.getTimes().stream().map(Instant::toString).toList());
        }
        tree.put("zone", schedule.getZone());
        put(tree, "start", schedule.getStart());
        put(tree, "end", schedule.getEnd());
        if (schedule.getJitterMs() > 0) {
            tree.put("jitter", Durations.format(Duration.ofMillis(schedule.getJitterMs())));
        }
        tree.put("overlap", word(schedule.getOverlap()));
        boolean several = schedule.getCatchUp() == CatchUpPolicy.LATEST && schedule.getCatchUpMax() != 1;
        tree.put("catch_up", several ? schedule.getCatchUpMax() : word(schedule.getCatchUp()));
        tree.put("catch_up_window", Durations.format(Duration.ofMillis(schedule.getCatchUpWindowMs())));
        if (schedule.getMaxFailures() > 0) {
            tree.put("max_failures", schedule.getMaxFailures());
        }
        put(tree, "paused", schedule.getPaused());
        put(tree, "owner", schedule.getOwner());
        if (!schedule.getTags().isEmpty()) {
            tree.put("tags", new LinkedHashMap<>(schedule.getTags()));
        }
        Map<String, Object> job = JobFile.tree(schedule.getJob());
        job.remove("id");
        schedule.getMoments().forEach((path, text) -> place(job, path, text));
        tree.put("job", job);
        return tree;
    }

    private static void put(Map<String, Object> tree, String name, @Nullable Object value) {
        if (value != null) {
            tree.put(name, value.toString());
        }
    }

    /** Puts a placeholder back to where the job has an instant in its place. */
    @SuppressWarnings("unchecked") // trees of maps and lists that JobFile made
    private static void place(Map<String, Object> job, String path, String text) {
        String[] steps = path.split("\\.", -1);
        Map<String, Object> at = job;
        for (int i = 0; i < steps.length - 1; i++) {
            at = (Map<String, Object>) at.computeIfAbsent(steps[i], step -> new LinkedHashMap<String, Object>());
        }
        String last = steps[steps.length - 1];
        int bracket = last.indexOf('[');
        if (bracket < 0) {
            at.put(last, text);
        } else {
            String name = last.substring(0, bracket);
            List<Object> list = new ArrayList<>((List<Object>) at.getOrDefault(name, List.of()));
            int index = Integer.parseInt(last.substring(bracket + 1, last.length() - 1));
            if (index < list.size()) {
                list.set(index, text);
            }
            at.put(name, list);
        }
    }
}
