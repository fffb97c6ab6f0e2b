package io.quarry.schemas.provision;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ShareGroupDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/**
 * A share group that hands out nothing, whoever joins it: its own epoch is not above that of an assignment made for others, so
 * that the broker takes the assignment for the newer one and makes none for those who are there. A broker that lost the last that
 * it had written of a group leaves it so. Each join and each leave raises the epoch by one; above the assignment's all is well.
 *
 * @param members who are in the group at the moment
 */
public record StuckShareGroup(String name, int epoch, int assignmentEpoch, int members) {
    /** Whether there is no doubt: where both epochs are equal, those who are there may have joined a moment ago. */
    public boolean certain() {
        return epoch < assignmentEpoch;
    }

    /**
     * Those of some groups that are stuck. Groups that nobody ever joined are none.
     *
     * @param longest how long to wait for the broker
     * @throws org.apache.kafka.common.errors.TimeoutException when it does not answer
     */
    public static List<StuckShareGroup> among(Admin admin, Collection<String> groups, Duration longest)
            throws InterruptedException {
        List<StuckShareGroup> stuck = new ArrayList<>();
        long end = System.nanoTime() + longest.toNanos();
        for (Map.Entry<String, KafkaFuture<ShareGroupDescription>> group :
                admin.describeShareGroups(groups).describedGroups().entrySet()) {
            try {
                ShareGroupDescription found =
                        group.getValue().get(Math.max(1, end - System.nanoTime()), TimeUnit.NANOSECONDS);
                boolean nobodyHasAnything = !found.members().isEmpty()
                        && found.members().stream()
                                .allMatch(member ->
                                        member.assignment().topicPartitions().isEmpty());
                if (found.groupEpoch() < found.targetAssignmentEpoch()
                        || (found.groupEpoch() == found.targetAssignmentEpoch() && nobodyHasAnything)) {
                    stuck.add(new StuckShareGroup(
                            group.getKey(),
                            found.groupEpoch(),
                            found.targetAssignmentEpoch(),
                            found.members().size()));
                }
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof GroupIdNotFoundException)) {
                    throw new ProvisionException(
                            "share group " + group.getKey() + " could not be looked at: " + e.getCause(), e);
                }
            } catch (TimeoutException e) {
                throw new org.apache.kafka.common.errors.TimeoutException(
                        "share group " + group.getKey() + " could not be looked at in " + longest.toMillis() + " ms",
                        e);
            }
        }
        return stuck;
    }
}
