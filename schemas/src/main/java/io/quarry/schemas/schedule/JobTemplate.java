package io.quarry.schemas.schedule;

import io.quarry.avro.Job;
import io.quarry.avro.Schedule;
import io.quarry.schemas.Violation;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** The job that a schedule's template makes at a tick. */
public final class JobTemplate {
    /** Labels that every job of a schedule has; a template may not set them. */
    public static final List<String> OWN_TAGS = List.of("schedule", "tick");

    private static final String NO_FIELD = "must name a field that a job has";
    private static final Pattern STEP = Pattern.compile("([a-z_0-9]+)(?:\\[([0-9]{1,6})])?");

    private final Placeholders placeholders;
    private final List<Violation> wrong = new ArrayList<>();

    private JobTemplate(Placeholders placeholders) {
        this.placeholders = placeholders;
    }

    /**
     * The job of a tick: the template filled in, with its id, labels and, where the template has none, name and submitter.
     *
     * @param id id of the job
     * @throws TemplateException naming each field whose placeholder is wrong
     */
    public static Job fill(Schedule schedule, Ticks ticks, Instant tick, String id) {
        Job job = SpecificData.getForSchema(Job.getClassSchema()).deepCopy(Job.getClassSchema(), schedule.getJob());
        JobTemplate template =
                new JobTemplate(new Placeholders(schedule.getName(), tick, () -> ticks.previous(tick), ticks.zone()));
        template.record(job, "");
        schedule.getMoments().forEach((path, text) -> template.moment(job, path, text));
        if (!template.wrong.isEmpty()) {
            throw new TemplateException(template.wrong);
        }
        Map<String, String> tags = new HashMap<>(job.getTags());
        tags.put("schedule", schedule.getName());
        tags.put("tick", tick.toString());
        return Job.newBuilder(job)
                .setId(id)
                .setName(job.getName() == null ? schedule.getName() : job.getName())
                .setSubmitter(job.getSubmitter() == null ? "schedule/" + schedule.getName() : job.getSubmitter())
                .setTags(tags)
                .build();
    }

    private void record(SpecificRecord record, String path) {
        for (Schema.Field field : record.getSchema().getFields()) {
            Object value = record.get(field.pos());
            if (value != null) {
                record.put(field.pos(), value(value, path.isEmpty() ? field.name() : path + "." + field.name()));
            }
        }
    }

    private Object value(Object value, String path) {
        if (value instanceof String text) {
            return Placeholders.in(text) ? filled(text, path) : text;
        }
        if (value instanceof SpecificRecord record) {
            record(record, path);
            return record;
        }
        if (value instanceof List<?> list) {
            List<@Nullable Object> values = new ArrayList<>(list.size());
            for (Object item : list) {
                values.add(item == null ? null : value(item, path + "[" + values.size() + "]"));
            }
            return values;
        }
        if (value instanceof Map<?, ?> map) {
            Map<Object, Object> values = new HashMap<>();
            map.forEach((key, item) -> values.put(key, value(item, path + "." + key)));
            return values;
        }
        if (value instanceof ByteBuffer bytes) {
            String text = StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
            return Placeholders.in(text) ? ByteBuffer.wrap(filled(text, path).getBytes(StandardCharsets.UTF_8)) : bytes;
        }
        return value;
    }

    private String filled(String text, String path) {
        try {
            return placeholders.fill(text);
        } catch (Placeholders.Wrong e) {
            wrong.add(new Violation(path, e.placeholder(), e.rule()));
            return text;
        }
    }

    private void moment(Job job, String path, String text) {
        Instant moment;
        try {
            moment = placeholders.moment(text);
        } catch (Placeholders.Wrong e) {
            wrong.add(new Violation(path, e.placeholder(), e.rule()));
            return;
        }
        SpecificRecord record = job;
        String[] steps = path.split("\\.", -1);
        for (int i = 0; i < steps.length; i++) {
            Matcher step = STEP.matcher(steps[i]);
            Schema.Field field = step.matches() ? record.getSchema().getField(step.group(1)) : null;
            if (field == null) {
                wrong.add(new Violation(path, text, NO_FIELD));
                return;
            }
            Object value = record.get(field.pos());
            if (i < steps.length - 1) {
                if (!(value instanceof SpecificRecord inner)) {
                    wrong.add(new Violation(path, text, NO_FIELD));
                    return;
                }
                record = inner;
            } else {
                if (!put(record, field, step.group(2), moment)) {
                    wrong.add(new Violation(path, text, "must stand where a job has an instant"));
                }
            }
        }
    }

    /** Puts an instant to where there has to be one; false where there is none. */
    private static boolean put(SpecificRecord record, Schema.Field field, @Nullable String index, Instant moment) {
        if (index == null) {
            if (!isMoment(field.schema())) {
                return false;
            }
            record.put(field.pos(), moment);
            return true;
        }
        int at = Integer.parseInt(index);
        boolean list = field.schema().getType() == Schema.Type.ARRAY
                && isMoment(field.schema().getElementType())
                && record.get(field.pos()) instanceof List<?> values
                && at < values.size();
        if (!list) {
            return false;
        }
        List<Object> values = new ArrayList<>((List<?>) record.get(field.pos()));
        values.set(at, moment);
        record.put(field.pos(), values);
        return true;
    }

    private static boolean isMoment(Schema schema) {
        if (schema.getType() == Schema.Type.UNION) {
            return schema.getTypes().stream().anyMatch(JobTemplate::isMoment);
        }
        return schema.getLogicalType() != null && schema.getType() == Schema.Type.LONG;
    }
}
