package io.quarry.local.cli;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** Shows Avro records as plain maps, lists and scalars under the names of the schema: what {@code -o json} prints. */
final class AvroTree {
    private AvroTree() {}

    /** The record without its null fields; instants in ISO 8601. */
    static Map<String, Object> of(SpecificRecord record) {
        Map<String, Object> tree = new LinkedHashMap<>();
        for (Schema.Field field : record.getSchema().getFields()) {
            Object value = record.get(field.pos());
            if (value != null) {
                tree.put(field.name(), plain(value));
            }
        }
        return tree;
    }

    private static Object plain(Object value) {
        if (value instanceof SpecificRecord record) {
            return of(record);
        }
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> tree = new LinkedHashMap<>();
            map.forEach((key, item) -> tree.put(String.valueOf(key), plain(item)));
            return tree;
        }
        if (value instanceof List<?> list) {
            List<@Nullable Object> items = new ArrayList<>();
            list.forEach(item -> items.add(item == null ? null : plain(item)));
            return items;
        }
        if (value instanceof Instant instant) {
            return instant.toString();
        }
        return value instanceof Number || value instanceof Boolean ? value : value.toString();
    }
}
