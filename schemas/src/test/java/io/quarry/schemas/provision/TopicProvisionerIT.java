package io.quarry.schemas.provision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.quarry.avro.GroupChangeType;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.RecordingRegistry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.test.KafkaClusterTestKit;
import org.apache.kafka.common.test.TestKitNodes;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TopicProvisionerIT {
    private static final RecordingRegistry REGISTRY = RecordingRegistry.start();
    private static KafkaClusterTestKit broker;
    private static Admin admin;

    @BeforeAll
    static void start() throws Exception {
        broker = new KafkaClusterTestKit.Builder(new TestKitNodes.Builder()
                        .setCombined(true)
                        .setNumBrokerNodes(1)
                        .setNumControllerNodes(1)
                        .build())
                .setConfigProp("offsets.topic.replication.factor", "1")
                .setConfigProp("transaction.state.log.replication.factor", "1")
                .setConfigProp("transaction.state.log.min.isr", "1")
                .setConfigProp("transaction.state.log.num.partitions", "1")
                .setConfigProp("share.coordinator.state.topic.replication.factor", "1")
                .setConfigProp("share.coordinator.state.topic.min.isr", "1")
                .build();
        broker.format();
        broker.startup();
        broker.waitForReadyBrokers();
        admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
    }

    @AfterAll
    static void stop() throws Exception {
        admin.close();
        broker.close();
        REGISTRY.close();
    }

    @Test
    void allTopicsAreMadeAsTheTableSaysAndMakingThemAgainChangesNothing() throws Exception {
        Topics topics = new Topics("a.");
        TopicProvisioner provisioner = provisioner(topics);
        provisioner.provision();
        provisioner.provision();
        provisioner.check();

        Map<String, Integer> partitions = new HashMap<>();
        describe("a.").forEach((name, number) -> partitions.put(name.substring(2), number));
        assertThat(partitions)
                .containsOnly(
                        Map.entry("jobs.default", 1),
                        Map.entry("retries.default", 1),
                        Map.entry("jobs.oversize", 1),
                        Map.entry("job-events", 4),
                        Map.entry("job-state", 4),
                        Map.entry("commands", 1),
                        Map.entry("resource-groups", 1),
                        Map.entry("group-history", 1),
                        Map.entry("workers", 1),
                        Map.entry("scaling", 1),
                        Map.entry("jobs.dead", 1),
                        Map.entry("schedules", 1),
                        Map.entry("schedule-events", 4),
                        Map.entry("schedule-state", 4),
                        Map.entry("schedule-ticks", 4),
                        Map.entry("jobs.invalid", 1));
        for (String name : partitions.keySet()) {
            assertThat(config(ConfigResource.Type.TOPIC, "a." + name, "message.timestamp.type"))
                    .isEqualTo("LogAppendTime");
        }
        assertThat(config(ConfigResource.Type.TOPIC, topics.states(), "cleanup.policy"))
                .isEqualTo("compact");
        assertThat(config(ConfigResource.Type.TOPIC, topics.jobs("default"), "retention.ms"))
                .isEqualTo("2592000000");
        assertThat(config(ConfigResource.Type.GROUP, topics.shareGroup("default"), "share.auto.offset.reset"))
                .isEqualTo("earliest");
        assertThat(config(ConfigResource.Type.GROUP, topics.shareGroup("default"), "share.isolation.level"))
                .isEqualTo("read_committed");
        assertThat(config(ConfigResource.Type.GROUP, topics.shareGroup("default"), "share.delivery.count.limit"))
                .isEqualTo("10");
        // The row, and the mark of its transaction.
        assertThat(end(topics.groups())).isEqualTo(2);
        assertThat(REGISTRY.requests()).contains("POST /subjects/a.jobs.default-value/versions");
    }

    @Test
    void manyMayProvisionAtOnce() throws Exception {
        Topics topics = new Topics("b.");
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Callable<Boolean>> calls = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                calls.add(() -> {
                    try (Admin own = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
                        TopicProvisioner.of(own, topics, settings(Map.of())).provision();
                        return true;
                    }
                });
            }
            for (Future<Boolean> call : threads.invokeAll(calls, 60, TimeUnit.SECONDS)) {
                assertThat(call.get()).isTrue();
            }
        } finally {
            threads.shutdownNow();
        }
        provisioner(topics).check();
    }

    @Test
    void aQueueWithMorePartitionsIsRefusedWithWhatToDo() throws Exception {
        Topics topics = new Topics("c.");
        create(topics.jobs("default"), 3);
        for (Runnable call : List.<Runnable>of(provisioner(topics)::provision)) {
            assertThatThrownBy(call::run)
                    .isInstanceOf(ProvisionException.class)
                    .hasMessageContaining("c.jobs.default has 3 partitions and must have 1")
                    .hasMessageContaining("kafka-topics.sh --delete --topic c.jobs.default");
        }
    }

    @Test
    void aQueueThatGrewLaterIsRefusedByTheCheckOfEveryProcess() throws Exception {
        Topics topics = new Topics("d.");
        provisioner(topics).provision();
        admin.createPartitions(
                        Map.of(topics.retries("default"), org.apache.kafka.clients.admin.NewPartitions.increaseTo(2)))
                .all()
                .get();
        // The broker knows it a little later than its controller.
        await().untilAsserted(() -> assertThatThrownBy(provisioner(topics)::check)
                .isInstanceOf(ProvisionException.class)
                .hasMessageContaining("d.retries.default has 2 partitions"));
    }

    @Test
    void anotherNumberOfEventPartitionsIsRefused() {
        Topics topics = new Topics("e.");
        provisioner(topics).provision();
        TopicProvisioner other = TopicProvisioner.of(admin, topics, settings(Map.of("job.events.partitions", "5")));
        for (Runnable call : List.<Runnable>of(other::provision, other::check)) {
            assertThatThrownBy(call::run)
                    .isInstanceOf(ProvisionException.class)
                    .hasMessageContaining("set job.events.partitions=4");
        }
    }

    @Test
    void missingTopicsAreNamedByTheCheck() {
        assertThatThrownBy(provisioner(new Topics("nobody."))::check)
                .isInstanceOf(ProvisionException.class)
                .hasMessageContaining("nobody.job-events")
                .hasMessageContaining("topic.prefix");
    }

    @Test
    void aTimestampTypeThatWasChangedIsCheckedAndSetRight() throws Exception {
        Topics topics = new Topics("f.");
        provisioner(topics).provision();
        set(topics.jobs("default"), "message.timestamp.type", "CreateTime");
        set(topics.jobs("default"), "retention.ms", "86400000");
        await().untilAsserted(() -> assertThatThrownBy(provisioner(topics)::check)
                .isInstanceOf(ProvisionException.class)
                .hasMessageContaining("message.timestamp.type=LogAppendTime"));
        provisioner(topics).provision();
        await().ignoreExceptions().untilAsserted(() -> provisioner(topics).check());
        assertThat(config(ConfigResource.Type.TOPIC, topics.jobs("default"), "retention.ms"))
                .isEqualTo("86400000");
    }

    @Test
    void aGroupGetsItsTopicsAndItsRowAndIsKnownToTheNextProvision() throws Exception {
        Topics topics = new Topics("g.");
        TopicProvisioner provisioner = provisioner(topics);
        provisioner.provision();
        provisioner.provisionGroup(group("big", 7));
        provisioner.provisionGroup(group("big", 7));
        assertThat(end(topics.groups())).isEqualTo(4);
        assertThat(config(ConfigResource.Type.GROUP, topics.shareGroup("big"), "share.auto.offset.reset"))
                .isEqualTo("earliest");
        admin.deleteTopics(Set.of(topics.retries("big"))).all().get();
        await().until(() -> !admin.listTopics().names().get().contains(topics.retries("big")));
        provisioner.provision();
        assertThat(describe("g.")).containsKey(topics.retries("big"));
        assertThat(rows(topics)).containsOnlyKeys("default", "big").containsEntry("big", written(group("big", 7)));
    }

    @Test
    void anExistingDefaultGroupIsNotOverwritten() {
        Topics topics = new Topics("h.");
        provisioner(topics).provisionGroup(group("default", 9));
        provisioner(topics).provision();
        assertThat(rows(topics)).containsEntry("default", written(group("default", 9)));
    }

    @Test
    void anotherClustersRegistryIsRefusedBeforeAnythingIsRegisteredThere() {
        Topics topics = new Topics("other.");
        provisioner(topics).provision();
        try (RecordingRegistry others = RecordingRegistry.start()) {
            TopicProvisioner wrong =
                    TopicProvisioner.of(admin, topics, settings(Map.of("schema.registry.url", others.url())));
            assertThatThrownBy(wrong::provision)
                    .isInstanceOf(ProvisionException.class)
                    .hasMessageContaining("registry at " + others.url())
                    .hasMessageContaining("UNKNOWN_SCHEMA_ID")
                    .hasMessageContaining("Set schema.registry.url to the registry that belongs to this cluster");
            // Still empty: nothing was registered.
            assertThatThrownBy(wrong::provision).hasMessageContaining("UNKNOWN_SCHEMA_ID");
        }
    }

    @Test
    void moreWorkersThanAShareGroupMayHaveAreRefused() {
        TopicProvisioner provisioner = provisioner(new Topics("i."));
        assertThatThrownBy(() -> provisioner.provisionGroup(group("wide", 201)))
                .isInstanceOf(ProvisionException.class)
                .hasMessageContaining("max_workers is 201: must be at most 200")
                .hasMessageContaining("group.share.max.size");
        assertThatThrownBy(() -> provisioner.provisionGroup(group("dead", 1)))
                .isInstanceOf(ProvisionException.class)
                .hasMessageContaining("name is dead");
    }

    @Test
    void moreCopiesThanBrokersAreRefusedWithTheSetting() {
        TopicProvisioner provisioner =
                TopicProvisioner.of(admin, new Topics("j."), settings(Map.of("replication.factor", "3")));
        assertThatThrownBy(provisioner::provision)
                .isInstanceOf(ProvisionException.class)
                .hasMessageContaining("replication.factor is 3");
    }

    @Test
    void ofTwoChangesDecidedByTheSameRowOneIsRefused() throws Exception {
        Topics topics = new Topics("k.");
        provisioner(topics).provision();
        provisioner(topics).changeGroup(null, group("big", 1), "ann", "");
        ResourceGroup seen = rows(topics).get("big");
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Callable<String>> calls = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                String by = "operator-" + i;
                ResourceGroup wanted = group("big", 10 + i);
                calls.add(() -> {
                    try {
                        GroupTable.of(topics, settings(Map.of()))
                                .change("big", seen, wanted, GroupChangeType.CHANGED, by, "");
                        return by;
                    } catch (GroupConflictException refused) {
                        assertThat(refused)
                                .hasMessageContaining("was at version 1 by ann")
                                .hasMessageContaining("version 2 by operator-");
                        return "";
                    }
                });
            }
            List<String> winners = new ArrayList<>();
            for (Future<String> call : threads.invokeAll(calls, 120, TimeUnit.SECONDS)) {
                if (!call.get().isEmpty()) {
                    winners.add(call.get());
                }
            }
            assertThat(winners).hasSize(1);
            assertThat(rows(topics).get("big"))
                    .isNotNull()
                    .extracting(ResourceGroup::getChangedBy)
                    .isEqualTo(winners.get(0));
            assertThat(GroupTable.of(topics, settings(Map.of())).history("big"))
                    .extracting(line -> line.revision().getBy())
                    .containsExactly("ann", winners.get(0));
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aDeletedGroupIsGoneAndItsHistoryStays() {
        Topics topics = new Topics("l.");
        provisioner(topics).provisionGroup(group("big", 1));
        GroupTable table = GroupTable.of(topics, settings(Map.of()));
        ResourceGroup is = table.read().get("big");
        table.change("big", is, null, GroupChangeType.DELETED, "ann", "not needed");
        assertThat(table.read()).doesNotContainKey("big");
        assertThat(table.history("big"))
                .extracting(line -> line.revision().getType())
                .containsExactly(GroupChangeType.CREATED, GroupChangeType.DELETED);
        assertThatThrownBy(() -> table.change("big", is, is, GroupChangeType.CHANGED, "bob", ""))
                .isInstanceOf(GroupConflictException.class)
                .hasMessageContaining("no version, being absent, now");
    }

    @Test
    void aNameThatMakesATopicTooLongIsRefused() {
        TopicProvisioner provisioner = provisioner(new Topics("p".repeat(200) + "."));
        assertThatThrownBy(() -> provisioner.provisionGroup(group("n".repeat(45), 1)))
                .isInstanceOf(ProvisionException.class)
                .hasMessageContaining("has at most 249");
    }

    private static Map<String, @Nullable ResourceGroup> rows(Topics topics) {
        return GroupTable.of(topics, settings(Map.of())).read();
    }

    private static ResourceGroup written(ResourceGroup group) {
        return ResourceGroup.newBuilder(group)
                .setVersion(1)
                .setChangedBy(TopicProvisioner.SELF)
                .build();
    }

    private static ResourceGroup group(String name, int maxWorkers) {
        return ResourceGroup.newBuilder()
                .setName(name)
                .setWorker(Resources.newBuilder()
                        .setCpuMillis(1000L)
                        .setMemoryBytes(4L << 30)
                        .setEphemeralStorageBytes(1L << 30)
                        .build())
                .setMaxWorkers(maxWorkers)
                .build();
    }

    private static TopicProvisioner provisioner(Topics topics) {
        return TopicProvisioner.of(admin, topics, settings(Map.of()));
    }

    private static ProvisionSettings settings(Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(Map.of(
                "bootstrap.servers",
                broker.bootstrapServers(),
                "schema.registry.url",
                REGISTRY.url(),
                "replication.factor",
                "1",
                "job.events.partitions",
                "4"));
        settings.putAll(more);
        return ProvisionSettings.of(settings);
    }

    private static Map<String, Integer> describe(String prefix) throws Exception {
        List<String> names = admin.listTopics().names().get().stream()
                .filter(name -> name.startsWith(prefix))
                .toList();
        Map<String, Integer> partitions = new HashMap<>();
        admin.describeTopics(names)
                .allTopicNames()
                .get()
                .forEach(
                        (name, topic) -> partitions.put(name, topic.partitions().size()));
        return partitions;
    }

    private static String config(ConfigResource.Type type, String name, String config) throws Exception {
        ConfigResource resource = new ConfigResource(type, name);
        Config found = admin.describeConfigs(List.of(resource)).all().get().get(resource);
        return String.valueOf(found == null ? null : found.get(config).value());
    }

    private static void create(String topic, int partitions) throws Exception {
        admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1)))
                .all()
                .get();
    }

    private static void set(String topic, String name, String value) throws Exception {
        admin.incrementalAlterConfigs(Map.of(
                        new ConfigResource(ConfigResource.Type.TOPIC, topic),
                        List.of(new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET))))
                .all()
                .get();
    }

    private static long end(String topic) throws Exception {
        TopicPartition partition = new TopicPartition(topic, 0);
        return admin.listOffsets(Map.of(partition, OffsetSpec.latest()))
                .partitionResult(partition)
                .get()
                .offset();
    }
}
