package io.quarry.scheduler.trigger;

import io.quarry.avro.Job;
import io.quarry.avro.ResourceGroup;
import io.quarry.schemas.JobRules;
import io.quarry.schemas.Placement;
import io.quarry.schemas.Topics;
import io.quarry.schemas.Violation;
import io.quarry.schemas.schedule.JobTemplate;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The job of a tick and the topic that it goes to, or why there is none: pure but for the groups that it asks for. */
sealed interface Trigger {
    /** The job goes to a topic. */
    record Made(String topic, Job job) implements Trigger {}

    /** No job can be made of the tick. */
    record Refused(String cause) implements Trigger {}

    /**
     * Makes the job of a tick.
     *
     * @param group another resource group than the template's; null for the template's
     * @param groups a group by its name; null when there is none
     */
    static Trigger of(
            Desk.Rule rule,
            Instant tick,
            String id,
            @Nullable String group,
            Topics topics,
            Function<String, @Nullable ResourceGroup> groups) {
        Job job;
        try {
            job = JobTemplate.fill(rule.schedule(), rule.ticks(), tick, id);
        } catch (IllegalArgumentException e) {
            return new Refused("the template cannot be filled: " + e.getMessage());
        }
        if (group != null) {
            job = Job.newBuilder(job).setResourceGroup(group).build();
        }
        List<Violation> broken = JobRules.check(job);
        if (!broken.isEmpty()) {
            return new Refused("the job breaks a rule: "
                    + broken.stream().map(Violation::toString).collect(Collectors.joining("; ")));
        }
        ResourceGroup own = groups.apply(job.getResourceGroup());
        if (own == null) {
            return new Refused("there is no resource group " + job.getResourceGroup());
        }
        Placement place = Placement.of(job.getResources(), own);
        if (place instanceof Placement.Refused refused) {
            return new Refused(refused.reason());
        }
        return new Made(
                place instanceof Placement.Oversize ? topics.oversize() : topics.jobs(job.getResourceGroup()), job);
    }
}
