package io.quarry.schemas;

import io.quarry.avro.CustomPayload;
import io.quarry.avro.Job;
import io.quarry.avro.Resources;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Rules that a job record obeys whoever wrote it, as the schema's field documentation states them. Pure: what needs a
 * catalog, a group's size or a clock is checked where those are known.
 */
public final class JobRules {
    /** Kind of the built-in offline query. */
    public static final String OFFLINE_QUERY = "offline_query";

    /** Most bytes of inline columns or of a custom payload. */
    public static final int INLINE_BYTES = 1 << 20;

    /** Smallest process that an offline query runs in; to ask for less is refused. */
    public static final long OFFLINE_QUERY_MEMORY_BYTES = 512L << 20;

    /** on_memory of a job whose next attempt is to have the next larger size. */
    public static final String LARGER = "larger";

    /** on_memory of a job that keeps to its size, whatever its group says. */
    public static final String STAY = "stay";

    private static final Set<String> ON_MEMORY = Set.of(LARGER, STAY);
    private static final String NAME_RULE =
            "must have 1 to 200 characters of a-z A-Z 0-9 . _ %s- and not consist of dots alone";
    private static final Pattern ID = Pattern.compile("(?!\\.+$)[A-Za-z0-9._:-]{1,200}");
    private static final Pattern DATASET = Pattern.compile("(?!\\.+$)[A-Za-z0-9._-]{1,200}");
    private static final int LABELS = 64;
    private static final int LABEL_LENGTH = 1000;
    private static final int HEADER_LENGTH = 8192;

    private JobRules() {}

    /** Every rule that a job breaks, at most 100; empty for a good one. */
    public static List<Violation> check(Job job) {
        Findings found = new Findings();
        id(found, "id", job.getId());
        if (job.getRepeats() != null) {
            id(found, "repeats", job.getRepeats());
        }
        found.length(1, 1000, "idempotency_key", job.getIdempotencyKey());
        found.require(
                Topics.validGroup(job.getResourceGroup()),
                "resource_group",
                job.getResourceGroup(),
                GroupRules.NAME_RULE);
        payload(found, job);
        resources(found, "resources", job.getResources());
        memory(found, job);
        limits(found, job);
        found.length(0, 200, "name", job.getName());
        found.length(0, 200, "submitter", job.getSubmitter());
        found.labels("tags", job.getTags(), LABELS, LABEL_LENGTH);
        found.labels("headers", job.getHeaders(), LABELS, HEADER_LENGTH);
        return found.list();
    }

    /** Whether a text may be a job's id. */
    public static boolean validId(String id) {
        return ID.matcher(id).matches();
    }

    static boolean validDatasetName(String name) {
        return DATASET.matcher(name).matches();
    }

    static String datasetRule() {
        return NAME_RULE.formatted("");
    }

    static void resources(Findings found, String field, @Nullable Resources resources) {
        if (resources == null) {
            return;
        }
        found.atLeast(1, field + ".cpu_millis", resources.getCpuMillis());
        found.atLeast(1, field + ".memory_bytes", resources.getMemoryBytes());
        found.atLeast(1, field + ".ephemeral_storage_bytes", resources.getEphemeralStorageBytes());
    }

    private static void memory(Findings found, Job job) {
        Resources asked = job.getResources();
        Long bytes = asked == null ? null : asked.getMemoryBytes();
        if (bytes != null && bytes > 0 && job.getKind().equals(OFFLINE_QUERY)) {
            found.require(
                    bytes >= OFFLINE_QUERY_MEMORY_BYTES,
                    "resources.memory_bytes",
                    bytes,
                    "must be at least " + OFFLINE_QUERY_MEMORY_BYTES + " bytes ("
                            + Quantities.formatBytes(OFFLINE_QUERY_MEMORY_BYTES) + ") for an offline query");
        }
    }

    private static void id(Findings found, String field, String id) {
        found.require(validId(id), field, id, NAME_RULE.formatted(": "));
    }

    private static void payload(Findings found, Job job) {
        found.length(1, 200, "kind", job.getKind());
        boolean query = job.getKind().equals(OFFLINE_QUERY);
        String present = "set";
        if (query) {
            found.require(
                    job.getOfflineQuery() != null, "offline_query", null, "must be set when kind is offline_query");
            found.require(job.getCustom() == null, "custom", present, "must be absent when kind is offline_query");
        } else {
            found.require(
                    job.getOfflineQuery() == null,
                    "offline_query",
                    present,
                    "must be absent when kind is " + job.getKind());
            found.require(job.getCustom() != null, "custom", null, "must be set when kind is " + job.getKind());
        }
        if (job.getOfflineQuery() != null) {
            OfflineQueryRules.check(found, "offline_query", job.getOfflineQuery());
        }
        CustomPayload custom = job.getCustom();
        if (custom != null) {
            found.length(1, 200, "custom.content_type", custom.getContentType());
            found.require(
                    custom.getBody().remaining() <= INLINE_BYTES,
                    "custom.body",
                    custom.getBody().remaining() + " bytes",
                    "must have at most " + INLINE_BYTES + " bytes: put more into a file and name it in the payload");
        }
    }

    private static void limits(Findings found, Job job) {
        found.atLeast(1, "attempt", job.getAttempt());
        Integer most = job.getMaxAttempts();
        found.require(most == null || (most >= 1 && most <= 100), "max_attempts", most, "must be from 1 to 100");
        found.timeout("timeout_ms", job.getTimeoutMs());
        found.instant(ChronoUnit.MILLIS, "start_by", job.getStartBy());
        found.instant(ChronoUnit.MILLIS, "complete_by", job.getCompleteBy());
        found.instant(ChronoUnit.MILLIS, "submitted_at", job.getSubmittedAt());
        found.require(
                job.getStartBy() == null
                        || job.getCompleteBy() == null
                        || job.getStartBy().isBefore(job.getCompleteBy()),
                "start_by",
                job.getStartBy(),
                "must be before complete_by, which is " + job.getCompleteBy());
        found.atLeast(0, "backoff_ms", job.getBackoffMs());
        found.atLeast(0, "max_backoff_ms", job.getMaxBackoffMs());
        found.require(
                job.getBackoffMs() == null
                        || job.getMaxBackoffMs() == null
                        || job.getMaxBackoffMs() >= job.getBackoffMs(),
                "max_backoff_ms",
                job.getMaxBackoffMs(),
                "must be at least backoff_ms, which is " + job.getBackoffMs());
        RetryRules.check(found, job.getRetryOn(), job.getNoRetryOn());
        found.require(
                job.getOnMemory() == null || ON_MEMORY.contains(job.getOnMemory()),
                "on_memory",
                job.getOnMemory(),
                "must be larger or stay");
    }
}
