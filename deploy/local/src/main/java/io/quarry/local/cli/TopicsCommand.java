package io.quarry.local.cli;

import io.quarry.avro.JobState;
import io.quarry.avro.Source;
import io.quarry.avro.State;
import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.StuckShareGroup;
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
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Lists the topics. */
@Command(
        name = "topics",
        mixinStandardHelpOptions = true,
        description = {
            "Lists Quarry's topics: partitions, records, and depth.",
            "Records are counted by reading them, since offsets count the marks of transactions and what compaction removed,"
                    + " too. A large topic is not read unless --exact is given: a number with ~ is that of its offsets, and"
                    + " at most so many records are there.",
            "Depth is the number of jobs that wait in a queue, counted from the jobs' states (a lag would count records that"
                    + " no longer stand for a waiting job)."
        },
        footerHeading = "%nExample:%n",
        footer = "  quarry topics%n  quarry topics --exact -o json")
final class TopicsCommand implements Callable<Integer> {
    /** What takes about a second to read. */
    private static final RecordCount.Limit QUICK = new RecordCount.Limit(100_000, 32L << 20);

    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Option(
            names = "--exact",
            description = "Counts the records of large topics, too; that reads them from end to end.")
    private boolean exact;

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
        List<Map<String, Object>> answer = new ArrayList<>();
        try (Consumer<byte[], byte[]> consumer = consumer(to)) {
            RecordCount count = new RecordCount(consumer, connection.reach());
            Found found = find(to);
            for (Offsets topic : found.topics()) {
                Map<String, Object> row = new LinkedHashMap<>();
                row.put("name", topic.name());
                row.put("partitions", topic.last().size());
                count.of(topic.last().keySet(), topic.kept(), exact ? RecordCount.Limit.NONE : QUICK)
                        .ifPresent(records -> row.put("records", records));
                row.put("offsets", topic.kept());
                if (isQueue(to, topic.name())) {
                    row.put("depth", depth.getOrDefault(topic.name(), 0L));
                }
                StuckShareGroup stuck = found.stuck().get(topic.name());
                if (stuck != null) {
                    row.put("stuck", TopicText.tree(stuck));
                    console.say("quarry: " + TopicText.stuck(topic.name(), stuck));
                }
                answer.add(row);
                depth.remove(topic.name());
            }
        }
        // Jobs wait in it, and it is not there: somebody deleted it.
        depth.forEach((name, jobs) -> answer.add(missing(name, jobs)));
        output.print(console, answer, () -> table(answer, console.tableWidth()));
        return ExitCodes.DONE;
    }

    private Map<String, Object> missing(String name, long jobs) {
        console.say("quarry: " + TopicText.missing(name, jobs));
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("name", name);
        row.put("partitions", 0);
        row.put("records", 0L);
        row.put("offsets", 0L);
        row.put("depth", jobs);
        row.put("missing", true);
        return row;
    }

    /** Where the partitions of a topic begin and end. */
    private record Offsets(String name, Map<TopicPartition, Long> first, Map<TopicPartition, Long> last) {
        /** Offsets that are kept: at most so many records are there. */
        long kept() {
            return last.entrySet().stream()
                    .mapToLong(end -> end.getValue() - first.getOrDefault(end.getKey(), 0L))
                    .sum();
        }
    }

    /**
     * What the broker says.
     *
     * @param stuck share groups that hand out nothing, by their topic
     */
    private record Found(List<Offsets> topics, Map<String, StuckShareGroup> stuck) {}

    private Found find(Connection to) throws ExecutionException, InterruptedException {
        Map<String, Object> settings = to.kafka();
        settings.put("default.api.timeout.ms", (int) connection.reach().toMillis());
        settings.put("request.timeout.ms", (int) connection.reach().toMillis());
        try (Admin admin = Admin.create(settings)) {
            List<String> names = admin.listTopics().names().get().stream()
                    .filter(name -> name.startsWith(to.topics().prefix()))
                    .sorted()
                    .toList();
            Map<String, TopicDescription> described =
                    admin.describeTopics(names).allTopicNames().get();
            Map<TopicPartition, Long> first = offsets(admin, described, OffsetSpec.earliest());
            Map<TopicPartition, Long> last = offsets(admin, described, OffsetSpec.latest());
            return new Found(
                    names.stream()
                            .map(name -> new Offsets(name, of(name, first), of(name, last)))
                            .toList(),
                    stuck(admin, to.topics(), names));
        }
    }

    private Map<String, StuckShareGroup> stuck(Admin admin, Topics topics, List<String> names)
            throws InterruptedException {
        Map<String, String> queues = TopicText.queues(topics, names);
        return TopicText.stuck(queues, StuckShareGroup.among(admin, queues.keySet(), connection.reach()));
    }

    private static Map<TopicPartition, Long> of(String name, Map<TopicPartition, Long> offsets) {
        return offsets.entrySet().stream()
                .filter(entry -> entry.getKey().topic().equals(name))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    private Consumer<byte[], byte[]> consumer(Connection to) {
        Map<String, Object> settings = to.kafka();
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        settings.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, 8 << 20);
        // The next topic's first question waits behind a fetch of this one that waits for news.
        settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 20);
        settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int)
                connection.reach().toMillis());
        return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** Waiting jobs by the topic that holds their record. */
    static Map<String, Long> depth(Topics topics, List<JobState> rows) {
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
        return to.topics().queue(name).isPresent() || name.equals(to.topics().oversize());
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
            Object records = topic.get("records");
            table.row(
                    String.valueOf(topic.get("name")),
                    String.valueOf(topic.get("partitions")),
                    records == null ? "~" + topic.get("offsets") : records.toString(),
                    depth == null ? "" : depth.toString());
        }
        return table.lines(width);
    }
}
