package io.quarry.local.cli;

import io.quarry.avro.ResourceGroup;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The difference between a group as it is and as a file wants it. Pure.
 *
 * @param field path of the field as in the file
 * @param before its value, null where there was none
 * @param after its value, null where there is to be none
 */
record GroupChange(
        String field, @Nullable String before, @Nullable String after) {

    /** The fields that differ, by path; every field of a group that is new. */
    static List<GroupChange> between(@Nullable ResourceGroup is, ResourceGroup wanted) {
        Map<String, String> before = is == null ? Map.of() : flat("", GroupTree.of(is));
        Map<String, String> after = flat("", GroupTree.of(wanted));
        TreeSet<String> fields = new TreeSet<>(before.keySet());
        fields.addAll(after.keySet());
        List<GroupChange> changes = new ArrayList<>();
        for (String field : fields) {
            if (!Objects.equals(before.get(field), after.get(field))) {
                changes.add(new GroupChange(field, before.get(field), after.get(field)));
            }
        }
        return changes;
    }

    Map<String, Object> tree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("field", field);
        if (before != null) {
            tree.put("before", before);
        }
        if (after != null) {
            tree.put("after", after);
        }
        return tree;
    }

    String line() {
        return field + ": " + (before == null ? "(none)" : before) + " -> " + (after == null ? "(none)" : after);
    }

    private static Map<String, String> flat(String path, Map<?, ?> tree) {
        Map<String, String> flat = new LinkedHashMap<>();
        tree.forEach((name, value) -> {
            String where = path.isEmpty() ? String.valueOf(name) : path + "." + name;
            if (value instanceof Map<?, ?> below) {
                flat.putAll(flat(where, below));
            } else {
                flat.put(where, String.valueOf(value));
            }
        });
        return flat;
    }
}
