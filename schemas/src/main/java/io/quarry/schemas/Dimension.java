package io.quarry.schemas;

import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** One of the three things that a size is made of. */
record Dimension(String field, String words, Function<Resources, @Nullable Long> get, LongFunction<String> format) {
    /** In the order of the schema's fields. */
    static final List<Dimension> ALL = List.of(
            new Dimension("cpu_millis", "cpu", Resources::getCpuMillis, Quantities::formatCpu),
            new Dimension("memory_bytes", "memory", Resources::getMemoryBytes, Quantities::formatBytes),
            new Dimension(
                    "ephemeral_storage_bytes",
                    "ephemeral storage",
                    Resources::getEphemeralStorageBytes,
                    Quantities::formatBytes));

    /** A size with a value for each dimension. */
    static Resources size(List<Long> values) {
        return new Resources(values.get(0), values.get(1), values.get(2));
    }

    long or(@Nullable Resources resources, long otherwise) {
        Long value = resources == null ? null : get.apply(resources);
        return value == null ? otherwise : value;
    }

    long ofWorker(ResourceGroup group) {
        Long value = get.apply(group.getWorker());
        if (value == null || value < 1) {
            throw new IllegalArgumentException(
                    "worker." + field + " of group " + group.getName() + " is " + value + ": must be at least 1");
        }
        return value;
    }
}
