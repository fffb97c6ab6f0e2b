package io.quarry.client;

import io.quarry.avro.JobState;
import io.quarry.avro.State;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which jobs are meant: those that every given part matches.
 *
 * @param states states, empty for any
 * @param group resource group, null for any
 * @param tags labels that a job has, with these values
 */
public record JobFilter(Set<State> states, @Nullable String group, Map<String, String> tags) {
    public JobFilter {
        states = Set.copyOf(states);
        tags = Map.copyOf(tags);
    }

    /** Every job. */
    public static JobFilter all() {
        return new JobFilter(Set.of(), null, Map.of());
    }

    public JobFilter in(State... wanted) {
        Set<State> set = EnumSet.noneOf(State.class);
        set.addAll(Arrays.asList(wanted));
        return new JobFilter(set, group, tags);
    }

    public JobFilter ofGroup(String wanted) {
        return new JobFilter(states, wanted, tags);
    }

    public JobFilter tagged(String key, String value) {
        Map<String, String> all = new HashMap<>(tags);
        all.put(key, value);
        return new JobFilter(states, group, all);
    }

    boolean matches(JobState row) {
        return (states.isEmpty() || states.contains(row.getState()))
                && (group == null || group.equals(row.getJob().getResourceGroup()))
                && row.getJob().getTags().entrySet().containsAll(tags.entrySet());
    }
}
