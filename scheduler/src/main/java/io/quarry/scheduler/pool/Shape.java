package io.quarry.scheduler.pool;

import io.quarry.avro.ResourceGroup;
import java.nio.charset.StandardCharsets;
import java.util.TreeMap;
import java.util.zip.CRC32;

/** What a group's row says about the inside of a worker: when that changes, workers are replaced; otherwise they stay. Pure. */
public final class Shape {
    private Shape() {}

    /** Equal for rows whose workers are alike. */
    public static String of(ResourceGroup group) {
        String all = String.join(
                "\n",
                String.valueOf(group.getWorker()),
                String.valueOf(group.getEngineMemoryShare()),
                String.valueOf(group.getScanCacheBytes()),
                new TreeMap<>(group.getEnvironment()).toString(),
                String.valueOf(group.getLeaseMs()),
                String.valueOf(group.getImage()),
                String.valueOf(group.getImagePullPolicy()),
                String.valueOf(group.getServiceAccount()),
                String.valueOf(group.getPriorityClass()),
                new TreeMap<>(group.getNodeSelector()).toString(),
                group.getTolerations().toString(),
                String.valueOf(group.getSpillVolume()),
                new TreeMap<>(group.getLabels()).toString());
        CRC32 sum = new CRC32();
        sum.update(all.getBytes(StandardCharsets.UTF_8));
        return Long.toHexString(sum.getValue());
    }
}
