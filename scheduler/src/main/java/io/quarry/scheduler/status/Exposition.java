package io.quarry.scheduler.status;

import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import javax.management.JMException;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanServer;
import javax.management.MalformedObjectNameException;
import javax.management.ObjectName;

/**
 * Our counters, which JMX has, in Prometheus' text format: {@code quarry_<part>_<counter>}, with the tags of Kafka Streams'
 * metrics as labels.
 */
public final class Exposition {
    private static final List<String> OURS = List.of(
            "io.quarry.scheduler:*",
            "kafka.streams:type=stream-lifecycle-metrics,*",
            "kafka.streams:type=stream-intake-metrics,*",
            "kafka.streams:type=stream-trigger-metrics,*");

    /** Names that others rely on. */
    private static final Map<String, String> NAMED =
            Map.of("quarry_autoscaler_jobs_interrupted_by_scaling", "quarry_jobs_interrupted_by_scaling_total");

    private Exposition() {}

    /** What the counters are now. */
    public static String now() {
        MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
        Map<String, Set<String>> lines = new TreeMap<>();
        for (String pattern : OURS) {
            for (ObjectName name : beans.queryNames(pattern(pattern), null)) {
                try {
                    read(beans, name, lines);
                } catch (JMException | RuntimeException gone) {
                    // It went while it was read: its task was given to another scheduler.
                }
            }
        }
        StringBuilder text = new StringBuilder();
        lines.forEach((metric, samples) -> {
            text.append("# TYPE ").append(metric).append(" untyped\n");
            samples.forEach(sample -> text.append(sample).append('\n'));
        });
        return text.toString();
    }

    private static ObjectName pattern(String text) {
        try {
            return new ObjectName(text);
        } catch (MalformedObjectNameException e) {
            throw new IllegalStateException(text, e);
        }
    }

    private static void read(MBeanServer beans, ObjectName name, Map<String, Set<String>> lines) throws JMException {
        Map<String, String> properties = name.getKeyPropertyList();
        String part = String.valueOf(properties.get("type"))
                .replaceFirst("^stream-", "")
                .replaceFirst("-metrics$", "");
        Map<String, String> labels = new TreeMap<>(properties);
        labels.remove("type");
        labels.remove("id");
        labels.remove("thread-id");
        for (MBeanAttributeInfo attribute : beans.getMBeanInfo(name).getAttributes()) {
            String value = number(beans.getAttribute(name, attribute.getName()));
            if (!value.isEmpty()) {
                String metric = snake("quarry_" + part + "_" + attribute.getName());
                metric = NAMED.getOrDefault(metric, metric);
                lines.computeIfAbsent(metric, anew -> new TreeSet<>()).add(metric + text(labels) + " " + value);
            }
        }
    }

    private static String number(Object value) {
        if (value instanceof Boolean flag) {
            return flag ? "1" : "0";
        }
        return value instanceof Number number && Double.isFinite(number.doubleValue()) ? number.toString() : "";
    }

    private static String text(Map<String, String> labels) {
        if (labels.isEmpty()) {
            return "";
        }
        StringBuilder text = new StringBuilder("{");
        labels.forEach((name, value) -> {
            String bare = value.startsWith("\"") ? ObjectName.unquote(value) : value;
            text.append(text.length() == 1 ? "" : ",")
                    .append(snake(name))
                    .append("=\"")
                    .append(bare.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n"))
                    .append('"');
        });
        return text.append('}').toString();
    }

    private static String snake(String name) {
        return name.replaceAll("([a-z0-9])([A-Z])", "$1_$2")
                .replaceAll("[^A-Za-z0-9_]", "_")
                .toLowerCase(Locale.ROOT);
    }
}
