package io.quarry.local.cli;

import io.quarry.avro.JobState;
import io.quarry.avro.Source;
import io.quarry.avro.State;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Lists the topics. */
@Command(
        name = "topics",
        mixinStandardHelpOptions = true,
        description = {
            "Lists Quarry's topics: partitions, records kept, and depth.",
            "Depth is the number of jobs that wait in a queue, counted from the jobs' states (a lag would count records that"
                    + " no longer stand for a waiting job)."
        },
        footerHeading = "%nExample:%n",
        footer = "  quarry topics%n  quarry topics -o json")
final class TopicsCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    TopicsCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws InterruptedException, ExecutionException {
        Connection to = connection.find(console);
        Map<String, Long> depth;
        try (JobRows rows = JobRows.open(to, console.clock(), connection.reach())) {
            depth = depth(to.topics(), rows.all());
        }
        Map<String, Object> settings = to.kafka();
        settings.put("default.api.timeout.ms", (int) connection.reach().toMillis());
        settings.put("request.timeout.ms", (int) connection.reach().toMillis());
        List<Map<String, Object>> answer = new ArrayList<>();
        try (Admin admin = Admin.create(settings)) {
            List<String> names = admin.listTopics().names().get().stream()
                    .filter(name -> name.startsWith(to.topics().prefix()))
                    .sorted()
                    .toList();
            Map<String, TopicDescription> described =
                    admin.describeTopics(names).allTopicNames().get();
            Map<TopicPartition, Long> first = offsets(admin, described, OffsetSpec.earliest());
            Map<TopicPartition, Long> last = offsets(admin, described, OffsetSpec.latest());
            for (String name : names) {
                List<TopicPartition> partitions = partitions(described, name);
                long records = partitions.stream()
                        .mapToLong(p -> last.getOrDefault(p, 0L) - first.getOrDefault(p, 0L))
                        .sum();
                Map<String, Object> topic = new LinkedHashMap<>();
                topic.put("name", name);
                topic.put("partitions", partitions.size());
                topic.put("records", records);
                if (isQueue(to, name)) {
                    topic.put("depth", depth.getOrDefault(name, 0L));
                }
                answer.add(topic);
            }
        }
        output.print(console, answer, () -> table(answer, console.tableWidth()));
        return ExitCodes.DONE;
    }

    /** Waiting jobs by the topic that holds their record. */
    static Map<String, Long> depth(io.quarry.schemas.Topics topics, List<JobState> rows) {
        Map<String, Long> depth = new TreeMap<>();
        for (JobState row : rows) {
            Source source = row.getSource();
            boolean waits = row.getState() == State.QUEUED
                    || row.getState() == State.LAUNCHING
                    || (row.getState() == State.RETRYING && row.getEnqueued());
            if (waits) {
                String group = row.getJob().getResourceGroup();
                String where = source != null
                        ? source.getTopic()
                        : row.getState() == State.LAUNCHING
                                ? topics.oversize()
                                : row.getState() == State.RETRYING ? topics.retries(group) : topics.jobs(group);
                depth.merge(where, 1L, Long::sum);
            }
        }
        return depth;
    }

    private static boolean isQueue(Connection to, String name) {
        return to.topics().jobsPattern().matcher(name).matches()
                || to.topics().retriesPattern().matcher(name).matches();
    }

    private static List<TopicPartition> partitions(Map<String, TopicDescription> described, String name) {
        TopicDescription description = described.get(name);
        return description == null
                ? List.of()
                : description.partitions().stream()
                        .map(partition -> new TopicPartition(name, partition.partition()))
                        .toList();
    }

    private static Map<TopicPartition, Long> offsets(
            Admin admin, Map<String, TopicDescription> described, OffsetSpec which)
            throws ExecutionException, InterruptedException {
        Map<TopicPartition, OffsetSpec> asked = described.keySet().stream()
                .flatMap(name -> partitions(described, name).stream())
                .collect(Collectors.toMap(Function.identity(), partition -> which));
        Map<TopicPartition, Long> offsets = new LinkedHashMap<>();
        for (Map.Entry<TopicPartition, ListOffsetsResultInfo> entry :
                admin.listOffsets(asked).all().get().entrySet()) {
            offsets.put(entry.getKey(), entry.getValue().offset());
        }
        return offsets;
    }

    private static List<String> table(List<Map<String, Object>> answer, int width) {
        TextTable table = new TextTable("NAME", "PARTITIONS", "RECORDS", "DEPTH");
        for (Map<String, Object> topic : answer) {
            Object depth = topic.get("depth");
            table.row(
                    String.valueOf(topic.get("name")),
                    String.valueOf(topic.get("partitions")),
                    String.valueOf(topic.get("records")),
                    depth == null ? "" : depth.toString());
        }
        return table.lines(width);
    }
}
