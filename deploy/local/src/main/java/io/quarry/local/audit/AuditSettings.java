package io.quarry.local.audit;

import io.quarry.schemas.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * What to audit and how strictly.
 *
 * @param connection settings of Kafka's clients and of the registry
 * @param topics names of the topics
 * @param complete whether everything was to be done by now: a job that is not final is lost then
 * @param quiet how long, in the log's own time, nothing but ticks must have come for the log to count as quiet
 * @param leaseTicks ticks of a lease, as the scheduler has them
 * @param workers workers of a group; 0 for as many as the log shows
 * @param datasets a directory with datasets to look through, beside those that the rows name
 * @param scratch an empty directory for what does not fit into memory; whoever made it removes it
 * @param memoryBytes what the joins may take before they go to disk
 */
public record AuditSettings(
        Map<String, String> connection,
        Topics topics,
        boolean complete,
        Duration quiet,
        int leaseTicks,
        int workers,
        Optional<Path> datasets,
        Path scratch,
        long memoryBytes) {
    public AuditSettings {
        connection = Map.copyOf(connection);
    }
}
