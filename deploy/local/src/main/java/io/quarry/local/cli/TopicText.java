package io.quarry.local.cli;

import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.StuckShareGroup;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What is said of queues out of which no job comes. Pure. */
final class TopicText {
    private TopicText() {}

    /** Topics by the share group that is to hand their jobs out. */
    static Map<String, String> queues(Topics topics, Collection<String> names) {
        Map<String, String> queues = new TreeMap<>();
        for (String name : names) {
            topics.queue(name).ifPresent(queue -> queues.put(queue.shareGroup(), name));
        }
        return queues;
    }

    /** Groups that hand out nothing by their topic, where there is no doubt. */
    static Map<String, StuckShareGroup> stuck(Map<String, String> queues, List<StuckShareGroup> found) {
        Map<String, StuckShareGroup> stuck = new LinkedHashMap<>();
        for (StuckShareGroup group : found) {
            String topic = queues.get(group.name());
            if (group.certain() && topic != null) {
                stuck.put(topic, group);
            }
        }
        return stuck;
    }

    static Map<String, Object> tree(StuckShareGroup stuck) {
        return Map.of("epoch", stuck.epoch(), "assignment_epoch", stuck.assignmentEpoch());
    }

    static String stuck(String topic, StuckShareGroup stuck) {
        return "nothing is handed out of " + topic + ": the epoch " + stuck.epoch() + " of its share group "
                + stuck.name() + " is below that of its assignment, " + stuck.assignmentEpoch()
                + ". A worker of the group mends that by itself within a minute: "
                + (stuck.members() == 0 ? "start one" : "wait for those that there are");
    }

    static String missing(String topic, long jobs) {
        return "topic " + topic + " is gone, and " + Text.count(jobs, "job") + " " + Text.does(jobs, "wait")
                + " in it. A running scheduler makes it again within seconds and appends what waits again from its rows;"
                + " if its group was deleted, 'quarry groups apply' makes the group first";
    }
}
