package io.quarry.schemas;

import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Names of the topics under one prefix. The only place where a topic's name is made or taken apart.
 *
 * @param prefix what every name begins with, {@code quarry.} unless set otherwise
 */
public record Topics(String prefix) {
    /** Prefix of an installation that sets none. */
    public static final String DEFAULT_PREFIX = "quarry.";

    /** Group that always exists. */
    public static final String DEFAULT_GROUP = "default";

    private static final Pattern GROUP = Pattern.compile("[a-z]([a-z0-9-]{0,61}[a-z0-9])?");
    private static final String IN_A_NAME = "[a-z][a-z0-9-]{0,62}";
    private static final Pattern GROUP_IN_A_NAME = Pattern.compile(IN_A_NAME);
    private static final Set<String> TAKEN = Set.of("dead", "invalid", "oversize");

    /**
     * A topic out of which the workers of a group take jobs.
     *
     * @param topic its name
     * @param group the group
     * @param retries whether it holds later attempts, not the jobs as they were submitted
     * @param shareGroup the share group that the workers form over it
     * @param other the group's other such topic
     */
    public record Queue(String topic, String group, boolean retries, String shareGroup, String other) {}

    public static Topics withDefaultPrefix() {
        return new Topics(DEFAULT_PREFIX);
    }

    /** Queue of a group, one partition: public, written by anybody. */
    public String jobs(String group) {
        return prefix + "jobs." + group;
    }

    /** Later attempts of a group's jobs, one partition; written by the lifecycle. */
    public String retries(String group) {
        return prefix + "retries." + group;
    }

    /** Router of jobs larger than their group's worker, one partition. The name is no group's: groups named so are refused. */
    public String oversize() {
        return prefix + "jobs.oversize";
    }

    public String dead() {
        return prefix + "jobs.dead";
    }

    public String invalid() {
        return prefix + "jobs.invalid";
    }

    public String events() {
        return prefix + "job-events";
    }

    public String states() {
        return prefix + "job-state";
    }

    public String commands() {
        return prefix + "commands";
    }

    public String groups() {
        return prefix + "resource-groups";
    }

    /** Schedules as operators write them, one partition. */
    public String schedules() {
        return prefix + "schedules";
    }

    /** Everything that happens to a schedule, in one order. */
    public String scheduleEvents() {
        return prefix + "schedule-events";
    }

    /** Where each schedule stands. */
    public String scheduleStates() {
        return prefix + "schedule-state";
    }

    /** The ledger: what became of each tick. */
    public String ticks() {
        return prefix + "schedule-ticks";
    }

    /** What was done to each group. */
    public String groupHistory() {
        return prefix + "group-history";
    }

    /** What each worker says of itself. */
    public String workers() {
        return prefix + "workers";
    }

    /** What the autoscaler decided, and why. */
    public String scaling() {
        return prefix + "scaling";
    }

    /** Name of the share group that a resource group's workers form over its jobs. */
    public String shareGroup(String group) {
        return prefix + "workers." + group;
    }

    /**
     * Name of the one over its retries. Of the partitions of one group, Kafka's assignor gives each to some of the members only,
     * so that a worker in one group for both topics would serve one of them.
     */
    public String retriesShareGroup(String group) {
        return shareGroup(group) + ".retries";
    }

    /** What a topic is to the workers of a group; empty for one that none of them reads, such as the router. */
    public Optional<Queue> queue(String topic) {
        boolean later = topic.startsWith(retries(""));
        if (!later && !topic.startsWith(jobs(""))) {
            return Optional.empty();
        }
        String group = topic.substring((later ? retries("") : jobs("")).length());
        if (!GROUP_IN_A_NAME.matcher(group).matches() || TAKEN.contains(group)) {
            return Optional.empty();
        }
        return Optional.of(
                later
                        ? new Queue(topic, group, true, retriesShareGroup(group), jobs(group))
                        : new Queue(topic, group, false, shareGroup(group), retries(group)));
    }

    /** Matches the queue of every group and the router, and not jobs.dead or jobs.invalid. */
    public Pattern jobsPattern() {
        return Pattern.compile(Pattern.quote(prefix + "jobs.") + "(?!dead$|invalid$)" + IN_A_NAME);
    }

    public Pattern retriesPattern() {
        return Pattern.compile(Pattern.quote(prefix + "retries.") + IN_A_NAME);
    }

    /** Whether a name may be a group's; dead, invalid and oversize are taken by topics. */
    public static boolean validGroup(String name) {
        return GROUP.matcher(name).matches() && !TAKEN.contains(name);
    }
}
