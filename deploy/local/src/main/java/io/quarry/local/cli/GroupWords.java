package io.quarry.local.cli;

import static java.util.Map.entry;

import io.quarry.schemas.Quantities;
import io.quarry.schemas.Violation;
import java.util.Map;
import java.util.regex.Pattern;

/** A broken rule of a group in the words of its file: keys for the record's fields, and values as people write them. Pure. */
final class GroupWords {
    private static final Map<String, String> KEYS = Map.ofEntries(
            entry("min_workers", "workers.min"),
            entry("max_workers", "workers.max"),
            entry("target_wait_ms", "scaling.target_wait"),
            entry("scale_up_cooldown_ms", "scaling.up_cooldown"),
            entry("scale_down_cooldown_ms", "scaling.down_cooldown"),
            entry("oversize_ceiling", "oversize.ceiling"),
            entry("timeout_ms", "timeout"),
            entry("max_run_ms", "max_run_time"),
            entry("backoff_ms", "backoff"),
            entry("max_backoff_ms", "max_backoff"),
            entry("lease_ms", "lease"),
            entry("drain_ms", "drain"),
            entry("scan_cache_bytes", "scan_cache"),
            entry("cpu_millis", "cpu"),
            entry("memory_bytes", "memory"),
            entry("ephemeral_storage_bytes", "ephemeral_storage"));

    private static final Pattern NAME = Pattern.compile("[a-z_]+");

    /** A field with names of the file's own choice, which are told as they are. */
    private static final Pattern OWN = Pattern.compile("(labels|node_selector|environment)\\b.*");

    private GroupWords() {}

    /** Path of the key that a rule is about, as the file has it. */
    static String path(Violation broken) {
        String field = broken.field();
        int aName = field.indexOf(" (");
        if (aName >= 0) {
            return field.substring(0, aName) + "." + broken.value();
        }
        return OWN.matcher(field).matches() ? field : keys(field);
    }

    /** Key, value and rule. */
    static String said(Violation broken) {
        String field = broken.field();
        if (OWN.matcher(field).matches()) {
            return broken.toString();
        }
        if (field.endsWith("_ms")) {
            return Durations.inText(keys(field) + " is " + broken.value() + ": " + keys(broken.rule()));
        }
        boolean bytes = field.endsWith("_bytes") && broken.value().matches("[0-9]{1,18}");
        String value = bytes ? Quantities.formatBytes(Long.parseLong(broken.value())) : broken.value();
        return keys(field) + " is " + value + ": " + keys(broken.rule());
    }

    private static String keys(String text) {
        return NAME.matcher(text).replaceAll(name -> KEYS.getOrDefault(name.group(), name.group()));
    }
}
