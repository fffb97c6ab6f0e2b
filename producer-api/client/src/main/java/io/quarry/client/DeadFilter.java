package io.quarry.client;

import io.quarry.avro.CauseType;
import io.quarry.avro.DeadJob;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which jobs that ended without a result are meant: those that every given part matches.
 *
 * @param causes classes of causes, empty for any
 * @param group resource group, null for any
 * @param since earliest instant at which it ended, null for any
 * @param name name of the job, where * stands for any characters as in {@link NamePattern}; null for any
 * @param tags labels that a job has, with these values
 */
public record DeadFilter(
        Set<CauseType> causes,
        @Nullable String group,
        @Nullable Instant since,
        @Nullable String name,
        Map<String, String> tags) {
    public DeadFilter {
        causes = Set.copyOf(causes);
        tags = Map.copyOf(tags);
    }

    /** Every job that failed or expired. */
    public static DeadFilter all() {
        return new DeadFilter(Set.of(), null, null, null, Map.of());
    }

    public DeadFilter of(CauseType... wanted) {
        return new DeadFilter(Set.of(wanted), group, since, name, tags);
    }

    public DeadFilter ofGroup(String wanted) {
        return new DeadFilter(causes, wanted, since, name, tags);
    }

    /** Cancelled jobs are wanted only when that cause is named: somebody meant them to end. */
    boolean matches(DeadJob dead) {
        boolean ended = switch (dead.getState()) {
            case FAILED, EXPIRED -> true;
            case CANCELLED -> causes.contains(CauseType.CANCELLED);
            case UNKNOWN, QUEUED, LAUNCHING, RUNNING, RETRYING, SUCCEEDED -> false;
        };
        return ended
                && (causes.isEmpty() || causes.contains(dead.getCause().getType()))
                && (group == null || group.equals(dead.getJob().getResourceGroup()))
                && (since == null || !dead.getAt().isBefore(since))
                && (name == null || new NamePattern(name).matches(dead.getJob().getName()))
                && dead.getJob().getTags().entrySet().containsAll(tags.entrySet());
    }
}
