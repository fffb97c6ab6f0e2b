package io.quarry.local.cli;

import io.quarry.avro.Schedule;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of one schedule when a file is applied.
 *
 * @param kind new, changed, unchanged or deleted
 * @param lines each field that differs, before and after
 */
record ScheduleChange(String name, String kind, List<String> lines) {
    private static final String SAME = "unchanged";

    ScheduleChange {
        lines = List.copyOf(lines);
    }

    static ScheduleChange deleted(String name) {
        return new ScheduleChange(name, "deleted", List.of());
    }

    static ScheduleChange between(@Nullable Schedule is, Schedule wanted) {
        if (is == null) {
            return new ScheduleChange(wanted.getName(), "new", List.of());
        }
        Map<String, String> before = flat(ScheduleFile.tree(is), "");
        Map<String, String> after = flat(ScheduleFile.tree(wanted), "");
        List<String> lines = new ArrayList<>();
        Set<String> keys = new TreeSet<>(before.keySet());
        keys.addAll(after.keySet());
        for (String key : keys) {
            String from = before.getOrDefault(key, "-");
            String to = after.getOrDefault(key, "-");
            if (!from.equals(to)) {
                lines.add(key + ": " + from + " → " + to);
            }
        }
        return new ScheduleChange(wanted.getName(), lines.isEmpty() ? SAME : "changed", lines);
    }

    boolean any() {
        return !kind.equals(SAME);
    }

    private static Map<String, String> flat(Map<?, ?> tree, String path) {
        Map<String, String> flat = new LinkedHashMap<>();
        tree.forEach((key, value) -> {
            String where = path.isEmpty() ? String.valueOf(key) : path + "." + key;
            if (value instanceof Map<?, ?> inner) {
                flat.putAll(flat(inner, where));
            } else {
                flat.put(where, String.valueOf(value));
            }
        });
        return flat;
    }
}
