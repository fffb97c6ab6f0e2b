package io.quarry.scheduler.pods;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * How pods of launched jobs and of workers are made, beside what their group says.
 *
 * @param namespace where; empty for the client's own
 * @param installation value of the label by which pods of this installation are known
 * @param image image of groups that name none
 * @param pullPolicy when it is pulled
 * @param serviceAccount account of groups that name none; empty for the namespace's default one
 * @param settingsSecret Secret whose key worker.properties holds a worker's settings
 * @param settingsRevision says that they changed: workers that were started under another one are replaced
 * @param datasetsClaim PersistentVolumeClaim that all share for datasets; empty where the settings name a place of their own
 * @param kept how long a pod and its log are kept after its end
 * @param tick what a lease is counted in
 */
public record KubernetesSettings(
        Optional<String> namespace,
        String installation,
        String image,
        String pullPolicy,
        Optional<String> serviceAccount,
        String settingsSecret,
        String settingsRevision,
        Optional<String> datasetsClaim,
        Duration kept,
        Duration tick) {

    /**
     * Reads the settings.
     *
     * @throws IllegalArgumentException naming the setting, its value and the rule
     */
    public static KubernetesSettings of(Map<String, String> all) {
        String pullPolicy = all.getOrDefault("launch.image.pull.policy", "IfNotPresent");
        if (!pullPolicy.equals("IfNotPresent") && !pullPolicy.equals("Always") && !pullPolicy.equals("Never")) {
            throw new IllegalArgumentException(
                    "launch.image.pull.policy is " + pullPolicy + ": must be IfNotPresent, Always or Never");
        }
        String image = all.get("launch.image");
        if (image == null || image.isBlank()) {
            throw new IllegalArgumentException(
                    "launch.image is not set: on Kubernetes it names the image that the pods of jobs and workers run");
        }
        return new KubernetesSettings(
                text(all, "launch.namespace"),
                installation(all.getOrDefault("topic.prefix", "quarry.")),
                image,
                pullPolicy,
                text(all, "launch.service.account"),
                all.getOrDefault("launch.settings.secret", "quarry-worker"),
                all.getOrDefault("launch.settings.revision", ""),
                text(all, "launch.datasets.claim"),
                Duration.ofSeconds(number("launch.ttl.seconds", all.getOrDefault("launch.ttl.seconds", "3600"))),
                Duration.ofMillis(
                        Math.max(1, number("tick.interval.ms", all.getOrDefault("tick.interval.ms", "1000")))));
    }

    private static long number(String name, String value) {
        if (value.matches("[0-9]{1,9}")) {
            return Long.parseLong(value);
        }
        throw new IllegalArgumentException(name + " is " + value + ": must be a whole number of up to nine digits");
    }

    private static Optional<String> text(Map<String, String> all, String name) {
        return Optional.ofNullable(all.get(name)).map(String::strip).filter(text -> !text.isEmpty());
    }

    /** The prefix of the topics as a label's value: at most 63 of letters, digits, - _ and . between two that are letters or digits. */
    static String installation(String prefix) {
        String value = prefix.replaceAll("[^A-Za-z0-9._-]", "-");
        value = value.length() > 63 ? value.substring(0, 63) : value;
        value = value.replaceAll("^[^A-Za-z0-9]+|[^A-Za-z0-9]+$", "");
        return value.isEmpty() ? "quarry" : value;
    }
}
