package io.quarry.scheduler.lifecycle;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.Job;
import io.quarry.schemas.JobRules;
import io.quarry.schemas.Topics;
import io.quarry.schemas.Violation;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What intake thinks of a readable record of a job topic: pure. */
final class Submission {
    private Submission() {}

    /** The id that a key spells; null for a key that is absent, empty or not UTF-8. */
    static @Nullable String id(byte @Nullable [] key) {
        if (key == null || key.length == 0) {
            return null;
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(key))
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    /** Rules that a job in a topic breaks. */
    static List<Violation> check(Job job, String topic, Topics topics) {
        List<Violation> broken = new ArrayList<>(JobRules.check(job));
        if (job.getAttempt() != 1) {
            broken.add(new Violation("attempt", String.valueOf(job.getAttempt()), "submitters leave it at 1"));
        }
        if (!topic.equals(topics.oversize()) && !topic.equals(topics.jobs(job.getResourceGroup()))) {
            broken.add(new Violation(
                    "resource_group",
                    job.getResourceGroup(),
                    "must be the group of the topic that the job was written to, " + topic));
        }
        return broken;
    }

    /** Cause of a job that is refused for what is wrong with it; null when nothing is. */
    static @Nullable Cause refusal(List<Violation> broken) {
        if (broken.isEmpty()) {
            return null;
        }
        String message = broken.stream().map(Violation::toString).collect(Collectors.joining("; "));
        return new Cause(CauseType.USER_ERROR, "The job breaks a rule: " + message, Map.of());
    }
}
