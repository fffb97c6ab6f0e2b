package io.quarry.local.audit;

import io.quarry.schemas.Topics;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * An audit in a JVM of its own, whose heap a test bounds: {@code AuditMain <bootstrap servers> <registry> <scratch> <MiB of the
 * joins>}. Prints jobs, records, findings, seconds and the peaks of heap and process in MiB.
 */
public final class AuditMain {
    private AuditMain() {}

    public static void main(String[] args) throws Exception {
        long began = System.nanoTime();
        AuditReport report = Auditor.audit(
                new AuditSettings(
                        Map.of("bootstrap.servers", args[0], "schema.registry.url", args[1]),
                        Topics.withDefaultPrefix(),
                        true,
                        Duration.ofMinutes(10),
                        30,
                        0,
                        Optional.empty(),
                        Path.of(args[2]),
                        Long.parseLong(args[3]) << 20),
                what -> {});
        long heap = ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .mapToLong(AuditMain::peak)
                .sum();
        System.out.printf(
                "AUDIT jobs=%d records=%d findings=%d seconds=%.1f heap_mib=%d%n",
                report.jobs(),
                report.records(),
                report.findings().size(),
                (System.nanoTime() - began) / 1e9,
                heap >> 20);
        report.findings().stream().limit(3).forEach(System.out::println);
    }

    private static long peak(MemoryPoolMXBean pool) {
        return pool.getPeakUsage().getUsed();
    }
}
