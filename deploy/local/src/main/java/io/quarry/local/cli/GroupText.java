package io.quarry.local.cli;

import io.quarry.avro.OnMemory;
import io.quarry.avro.Pause;
import io.quarry.avro.ResourceGroup;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What is said of a group whose work is to end. Pure. */
final class GroupText {
    private GroupText() {}

    static String running(String group, long jobs) {
        return Text.count(jobs, "job") + " of group " + group + " still " + Text.does(jobs, "run");
    }

    static String occupied(String group, long jobs) {
        return "group " + group + " has " + Text.count(jobs, "job") + " that " + Text.does(jobs, "wait") + " or "
                + Text.does(jobs, "run") + ": say with --move-to GROUP where those that wait go, or let them end first"
                + " (quarry jobs --group " + group + ")";
    }

    /** What a delete that stopped leaves behind, of a group that was paused before or not. */
    static String paused(String group, @Nullable Pause before) {
        if (before != null) {
            return "group " + group + " stays, paused by " + before.getBy() + " as it was, and its workers leave";
        }
        return "group " + group + " stays, and is paused now: 'quarry groups resume " + group + "' takes that back";
    }

    /** A warning about the groups that send jobs to one that is gone, when they run out of memory. */
    static Optional<String> missed(String gone, Collection<ResourceGroup> groups) {
        List<String> senders = groups.stream()
                .filter(each -> !each.getName().equals(gone))
                .filter(each -> {
                    OnMemory next = each.getOnMemory();
                    return next != null && gone.equals(next.getGroup());
                })
                .map(ResourceGroup::getName)
                .sorted()
                .toList();
        if (senders.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of("on_memory.group of " + (senders.size() == 1 ? "group " : "groups ")
                + String.join(", ", senders) + " is " + gone
                + ": until there is such a group again, their jobs that run out of memory are not moved");
    }
}
