package io.quarry.schemas.provision;

import io.quarry.avro.GroupChangeType;
import io.quarry.avro.GroupRevision;
import io.quarry.avro.ResourceGroup;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.UnreadableRecordException;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The topic resource-groups, read as a whole and written row by row, each row in one transaction with its line of the topic
 * group-history.
 *
 * <p>All writers share one transactional id. To begin, a writer has the broker end whatever transaction of that id is open and
 * shut its writer out; only then does it read the row that it compares with. So of two writes that were decided by the same
 * row, one is made and the other is refused, whatever their timing. Who writes to the topic by other means is not held to this.
 */
public final class GroupTable {
    private static final Logger LOG = LoggerFactory.getLogger(GroupTable.class);
    private static final int FETCH_WAIT_MS = 10;
    /** Longest wait before the first try again, and before any, ms. */
    private static final long FIRST_WAIT = 100;

    private static final long LONGEST_WAIT = 3_000;

    private final Topics topics;
    private final ProvisionSettings settings;
    private final WireSerdes serdes;
    private final Map<String, UnreadableRecordException> unreadable = new HashMap<>();

    private GroupTable(Topics topics, ProvisionSettings settings, WireSerdes serdes) {
        this.topics = topics;
        this.settings = settings;
        this.serdes = serdes;
    }

    static GroupTable of(Topics topics, ProvisionSettings settings, WireSerdes serdes) {
        return new GroupTable(topics, settings, serdes);
    }

    /** The table of an installation; it connects whenever it is asked. */
    public static GroupTable of(Topics topics, ProvisionSettings settings) {
        return of(topics, settings, WireSerdes.of(settings.settings()));
    }

    /**
     * A line of the history.
     *
     * @param at append time in the log
     * @param revision what was done
     */
    public record Line(Instant at, GroupRevision revision) {}

    /** Groups by name, the newest row of each; an unreadable row is logged and keeps its group's name with no value. */
    public Map<String, @Nullable ResourceGroup> read() {
        Map<String, @Nullable ResourceGroup> groups = new TreeMap<>();
        unreadable.clear();
        try (Deserializer<ResourceGroup> deserializer = serdes.deserializer(ResourceGroup.class)) {
            each(topics.groups(), row -> put(groups, row, deserializer));
        }
        return groups;
    }

    /** What was done to a group, the oldest first; lines that cannot be read are left out. */
    public List<Line> history(String name) {
        List<Line> lines = new ArrayList<>();
        String topic = topics.groupHistory();
        try (Deserializer<GroupRevision> deserializer = serdes.deserializer(GroupRevision.class)) {
            each(topic, line -> {
                if (line.key() == null || !name.equals(new String(line.key(), StandardCharsets.UTF_8))) {
                    return;
                }
                try {
                    lines.add(new Line(
                            Instant.ofEpochMilli(line.timestamp()), deserializer.deserialize(topic, line.value())));
                } catch (UnreadableRecordException unreadable) {
                    LOG.warn("A line of a group's history cannot be read; group={} offset={}", name, line.offset());
                }
            });
        }
        return lines;
    }

    private void each(String topic, Consumer<ConsumerRecord<byte[], byte[]>> taker) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            TopicPartition partition = new TopicPartition(topic, 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
            while (consumer.position(partition) < end) {
                consumer.poll(Duration.ofMillis(200)).forEach(taker);
            }
        }
    }

    private KafkaConsumer<byte[], byte[]> consumer() {
        Map<String, Object> client = settings.clientSettings();
        client.put("enable.auto.commit", "false");
        client.put("isolation.level", "read_committed");
        // Closing waits for the fetch that is on its way beyond the end, which the broker holds for as long as this.
        client.put("fetch.max.wait.ms", FETCH_WAIT_MS);
        client.put("default.api.timeout.ms", (int) settings.adminTimeout().toMillis());
        return new KafkaConsumer<>(client, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private void put(
            Map<String, @Nullable ResourceGroup> groups,
            ConsumerRecord<byte[], byte[]> row,
            Deserializer<ResourceGroup> deserializer) {
        String name = row.key() == null ? "" : new String(row.key(), StandardCharsets.UTF_8);
        if (row.value() == null) {
            groups.remove(name);
            return;
        }
        try {
            groups.put(name, deserializer.deserialize(topics.groups(), row.value()));
            unreadable.remove(name);
        } catch (UnreadableRecordException unreadable) {
            LOG.warn(
                    "A resource group's row cannot be read and is left alone; group={} topic={} offset={} reason={}",
                    name,
                    topics.groups(),
                    row.offset(),
                    unreadable.reason());
            groups.put(name, null);
            this.unreadable.put(name, unreadable);
        }
    }

    /** Why the newest row of a group could not be read the last time; null when it could, or is not there. */
    @Nullable UnreadableRecordException whyUnreadable(String group) {
        return unreadable.get(group);
    }

    /**
     * Makes a change that was decided by a row, if that row is still the newest.
     *
     * @param expected the row that it was decided by; null when there was none
     * @param wanted the row as it is to be, null to delete it; its version and who wrote it are filled in here
     * @throws GroupConflictException when somebody changed the group meanwhile: nothing was written
     * @throws ProvisionException when it cannot be written
     */
    public @Nullable ResourceGroup change(
            String name,
            @Nullable ResourceGroup expected,
            @Nullable ResourceGroup wanted,
            GroupChangeType type,
            String by,
            String reason) {
        return write(name, type, by, reason, is -> {
            if (!Objects.equals(is, expected)) {
                throw new GroupConflictException(name, expected, is);
            }
            return wanted;
        });
    }

    /** Writes a row whatever there is, unless it says the same already. A pause stays. */
    void put(ResourceGroup wanted, String by) {
        ResourceGroup known = read().get(wanted.getName());
        if (known == null || !as(known, wanted).equals(known)) {
            GroupChangeType type = known == null ? GroupChangeType.CREATED : GroupChangeType.CHANGED;
            ResourceGroup unused = write(wanted.getName(), type, by, "", is -> is == null ? wanted : as(is, wanted));
        }
    }

    /** Writes a row where there is none. */
    void putIfAbsent(ResourceGroup wanted, String by) {
        ResourceGroup unused = write(wanted.getName(), GroupChangeType.CREATED, by, "", is -> is == null ? wanted : is);
    }

    /** What is wanted, with what is the table's own as it was. */
    private static ResourceGroup as(ResourceGroup is, ResourceGroup wanted) {
        return ResourceGroup.newBuilder(wanted)
                .setVersion(is.getVersion())
                .setChangedBy(is.getChangedBy())
                .setPaused(is.getPaused())
                .build();
    }

    private @Nullable ResourceGroup write(
            String name,
            GroupChangeType type,
            String by,
            String reason,
            Function<@Nullable ResourceGroup, @Nullable ResourceGroup> change) {
        long until = System.nanoTime() + 2 * settings.adminTimeout().toNanos();
        for (int round = 0; System.nanoTime() < until; round++) {
            letOthersPass(round);
            try {
                // Who has nothing to write, or comes too late, is not to shut out those who write.
                ResourceGroup is = row(name);
                return Objects.equals(change.apply(is), is) ? is : writeOnce(name, type, by, reason, change);
            } catch (ProducerFencedException | InvalidProducerEpochException | InvalidTxnStateException other) {
                // Somebody else began to write, which ended this transaction: what they wrote, and whether it is what
                // was expected, shows anew.
                LOG.debug("Another writer came first; group={} {}", name, other.toString());
            } catch (GroupConflictException | ProvisionException refused) {
                throw refused;
            } catch (KafkaException failure) {
                throw new ProvisionException(
                        "resource group " + name + " cannot be written to " + topics.groups() + ": "
                                + failure.getMessage(),
                        failure);
            }
        }
        throw new ProvisionException(
                "resource group " + name + " could not be written: others wrote groups all the while");
    }

    private @Nullable ResourceGroup writeOnce(
            String name,
            GroupChangeType type,
            String by,
            String reason,
            Function<@Nullable ResourceGroup, @Nullable ResourceGroup> change) {
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(producerSettings(), new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.initTransactions();
            ResourceGroup is = row(name);
            ResourceGroup wanted = change.apply(is);
            if (Objects.equals(wanted, is)) {
                return is;
            }
            long version = is == null ? 0 : is.getVersion();
            ResourceGroup row = wanted == null
                    ? null
                    : ResourceGroup.newBuilder(wanted)
                            .setVersion(version + 1)
                            .setChangedBy(by)
                            .build();
            long offset = send(
                    producer,
                    name,
                    row,
                    new GroupRevision(type, name, version + (row == null ? 0 : 1), by, reason, row));
            awaitVisible(offset);
            return row;
        }
    }

    private @Nullable ResourceGroup row(String name) {
        ResourceGroup row = read().get(name);
        if (row == null && unreadable.containsKey(name)) {
            throw new ProvisionException("resource group " + name + " has a row in " + topics.groups()
                    + " that cannot be read: " + unreadable.get(name).reason());
        }
        return row;
    }

    /**
     * Waits before a try again, up to a time that doubles. Each try shuts the others out: writers that come back at once do so to
     * each other without end, and on a slow broker none of them commits.
     */
    private static void letOthersPass(int round) {
        if (round == 0) {
            return;
        }
        try {
            Thread.sleep(
                    ThreadLocalRandom.current().nextLong(Math.min(FIRST_WAIT << Math.min(round, 10), LONGEST_WAIT)));
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    /**
     * A commit is certain before readers see it: whoever changed a group is to find it changed, or what somebody else made of it
     * since.
     */
    private void awaitVisible(long offset) {
        long until = System.nanoTime() + settings.adminTimeout().toNanos();
        TopicPartition partition = new TopicPartition(topics.groups(), 0);
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            long end = 0;
            // Of a reader of what is committed it is where the first open transaction begins.
            while (end <= offset && System.nanoTime() < until) {
                end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
            }
        }
    }

    /** Writes the row and its line; the row's offset. */
    private long send(
            KafkaProducer<byte[], byte[]> producer, String name, @Nullable ResourceGroup row, GroupRevision revision) {
        byte[] key = name.getBytes(StandardCharsets.UTF_8);
        try (Serializer<ResourceGroup> rows = serdes.serializer(ResourceGroup.class);
                Serializer<GroupRevision> revisions = serdes.serializer(GroupRevision.class)) {
            byte[] value = row == null ? null : rows.serialize(topics.groups(), row);
            byte[] line = revisions.serialize(topics.groupHistory(), revision);
            producer.beginTransaction();
            Future<RecordMetadata> sent = producer.send(new ProducerRecord<>(topics.groups(), key, value));
            Object unused = producer.send(new ProducerRecord<>(topics.groupHistory(), key, line));
            producer.commitTransaction();
            // Done: a commit waits for what was sent.
            return sent.get().offset();
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        } catch (ExecutionException e) {
            throw new KafkaException(e.getCause());
        }
    }

    private Map<String, Object> producerSettings() {
        Map<String, Object> client = new HashMap<>(settings.clientSettings());
        client.put("acks", "all");
        client.put("enable.idempotence", "true");
        client.put("transactional.id", topics.prefix() + "groups");
        client.put("transaction.timeout.ms", 10_000);
        client.put("max.block.ms", (int) settings.adminTimeout().toMillis());
        client.put("delivery.timeout.ms", (int) settings.adminTimeout().toMillis() + 30_000);
        return client;
    }
}
