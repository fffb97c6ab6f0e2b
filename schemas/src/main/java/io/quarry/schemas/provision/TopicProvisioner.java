package io.quarry.schemas.provision;

import io.quarry.avro.GroupChangeType;
import io.quarry.avro.ResourceGroup;
import io.quarry.schemas.GroupRules;
import io.quarry.schemas.Topics;
import io.quarry.schemas.Violation;
import io.quarry.schemas.serde.UnreadableRecordException;
import io.quarry.schemas.serde.WireSerdes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the topics and the share groups' configurations, and checks those that are there. Everything may be run again, and by
 * several processes at once. It changes what is a matter of correctness, never what an operator may tune, and never a number
 * of partitions.
 */
public final class TopicProvisioner {
    private static final Logger LOG = LoggerFactory.getLogger(TopicProvisioner.class);

    private static final String MAX_SIZE = "group.share.max.size";

    /** Set before any worker joins: with the defaults jobs submitted earlier would be skipped, and aborted ones run. */
    private static final Map<String, String> SHARE_GROUP = Map.of(
            "share.auto.offset.reset", "earliest",
            "share.isolation.level", "read_committed",
            "share.delivery.count.limit", "10");

    /** Who wrote a group's row that no operator asked for. */
    public static final String SELF = "quarry";

    private static final int LONGEST_TOPIC = 249;

    private final Admin admin;
    private final Topics topics;
    private final ProvisionSettings settings;
    private final WireSerdes serdes;
    private final GroupTable groups;

    private TopicProvisioner(Admin admin, Topics topics, ProvisionSettings settings) {
        this.admin = admin;
        this.topics = topics;
        this.settings = settings;
        this.serdes = WireSerdes.of(settings.settings());
        this.groups = GroupTable.of(topics, settings, serdes);
    }

    /** The admin client stays the caller's to close. */
    public static TopicProvisioner of(Admin admin, Topics topics, ProvisionSettings settings) {
        return new TopicProvisioner(admin, topics, settings);
    }

    /**
     * Makes all fixed topics, those of every known group, and the default group where there is none; registers the schemas
     * when {@code auto.register.schemas} is true.
     *
     * @throws ProvisionException when a topic that exists is not as it must be, saying what to do
     */
    public void provision() {
        ensure(TopicPlan.fixedTopics(topics, settings));
        Map<String, ?> known = readGroups();
        Set<String> names = new TreeSet<>(known.keySet());
        names.add(Topics.DEFAULT_GROUP);
        names.removeIf(name -> !Topics.validGroup(name));
        for (String name : names) {
            makeGroup(name);
        }
        serdes.register(topics, names);
        if (!known.containsKey(Topics.DEFAULT_GROUP)) {
            checked(settings.defaultGroup());
            groups.putIfAbsent(settings.defaultGroup(), SELF);
            LOG.info("Wrote the default resource group; group={} topic={}", Topics.DEFAULT_GROUP, topics.groups());
        }
    }

    /**
     * Makes a group's topics and share group, then writes its row, in this order, so that whoever reads the row finds the
     * topics. A row of that name is replaced, unless it says the same; a pause stays.
     *
     * @throws ProvisionException when the group breaks a rule or the cluster cannot hold it, saying what to do
     */
    public void provisionGroup(ResourceGroup group) {
        prepare(group);
        groups.put(group, SELF);
    }

    /**
     * The same, if the row is still the one that the change was decided by.
     *
     * @param expected that row; null when there was none
     * @param by who changes it
     * @throws GroupConflictException when it is not
     * @throws ProvisionException when the group breaks a rule or the cluster cannot hold it, saying what to do
     */
    public void changeGroup(@Nullable ResourceGroup expected, ResourceGroup group, String by, String reason) {
        prepare(group);
        GroupChangeType type = expected == null ? GroupChangeType.CREATED : GroupChangeType.CHANGED;
        ResourceGroup unused = groups.change(group.getName(), expected, group, type, by, reason);
    }

    private void prepare(ResourceGroup group) {
        checked(group);
        ensure(TopicPlan.fixedTopics(topics, settings));
        makeGroup(group.getName());
        serdes.register(topics, List.of(group.getName()));
    }

    /**
     * Looks whether everything is as it must be, and changes nothing. Every process calls it at start.
     *
     * @throws ProvisionException when it is not, saying what to do
     */
    public void check() {
        List<TopicPlan> plans = new ArrayList<>(TopicPlan.fixedTopics(topics, settings));
        for (String name : groupsOnCluster()) {
            plans.addAll(TopicPlan.ofGroup(topics, name, settings));
        }
        Map<String, TopicDescription> found = describe(plans);
        List<String> missing = plans.stream()
                .map(TopicPlan::name)
                .filter(name -> !found.containsKey(name))
                .toList();
        if (!missing.isEmpty()) {
            throw new ProvisionException("topics are missing: " + String.join(", ", missing)
                    + ". Start the scheduler once, which makes them, or make them by hand as the topics table of"
                    + " schemas/README.md says; is topic.prefix (" + topics.prefix() + ") right?");
        }
        checkPartitions(plans, found);
        differences(plans).forEach((topic, differing) -> {
            throw new ProvisionException("topic " + topic + " must be configured with " + differing
                    + ": start the scheduler once, which sets it, or use kafka-configs.sh --alter");
        });
    }

    /**
     * Looks whether the registry is the one that this cluster's records were written with, and changes nothing. Where there are
     * no groups yet nothing can be said.
     *
     * @throws ProvisionException when it is another one's
     * @throws io.quarry.schemas.serde.RegistryUnavailableException when it does not answer
     */
    public void checkRegistry() {
        if (await(admin.listTopics().names(), "listing topics").contains(topics.groups())) {
            Map<String, ?> unused = readGroups();
        }
    }

    /**
     * All groups. The row of the default group is Quarry's own: when the registry cannot explain it, the registry is not the one
     * that this cluster's records were written with, and everything else would be taken for garbage.
     */
    private Map<String, ?> readGroups() {
        Map<String, ?> known = groups.read();
        UnreadableRecordException reason = groups.whyUnreadable(Topics.DEFAULT_GROUP);
        if (reason != null) {
            throw new ProvisionException(
                    "the row of resource group " + Topics.DEFAULT_GROUP + " in topic " + topics.groups()
                            + " cannot be read with the registry at "
                            + settings.settings().get("schema.registry.url") + " (" + reason.reason()
                            + "): it is another cluster's registry, or it lost its schemas. Set schema.registry.url to the"
                            + " registry that belongs to this cluster, or set another topic.prefix to begin anew",
                    reason);
        }
        return known;
    }

    private void checked(ResourceGroup group) {
        List<Violation> violations = GroupRules.check(group);
        if (!violations.isEmpty()) {
            throw new ProvisionException("resource group " + group.getName() + ": "
                    + violations.stream().map(Violation::toString).collect(Collectors.joining("; ")));
        }
        int length = topics.retries(group.getName()).length();
        if (length > LONGEST_TOPIC) {
            throw new ProvisionException("resource group " + group.getName() + ": name is " + group.getName()
                    + ": must be so short that " + topics.retries(group.getName()) + ", of " + length
                    + " characters, may be a topic's name, which has at most " + LONGEST_TOPIC);
        }
        checkSize(group);
    }

    private void makeGroup(String name) {
        ensure(TopicPlan.ofGroup(topics, name, settings));
        for (String shareGroup : List.of(topics.shareGroup(name), topics.retriesShareGroup(name))) {
            alter(new ConfigResource(ConfigResource.Type.GROUP, shareGroup), SHARE_GROUP);
        }
    }

    private void ensure(List<TopicPlan> plans) {
        Map<String, TopicDescription> found = describe(plans);
        List<TopicPlan> missing =
                plans.stream().filter(plan -> !found.containsKey(plan.name())).toList();
        if (!missing.isEmpty()) {
            create(missing);
        }
        List<TopicPlan> present =
                plans.stream().filter(plan -> found.containsKey(plan.name())).toList();
        checkPartitions(present, found);
        differences(present).forEach((topic, differing) -> {
            alter(new ConfigResource(ConfigResource.Type.TOPIC, topic), differing);
            LOG.warn("A topic was configured differently and was set right; topic={} configs={}", topic, differing);
        });
    }

    private void create(List<TopicPlan> missing) {
        List<NewTopic> wanted = missing.stream()
                .map(plan -> new NewTopic(plan.name(), plan.partitions(), settings.replicationFactor())
                        .configs(plan.configs()))
                .toList();
        Map<String, KafkaFuture<Void>> created = admin.createTopics(wanted).values();
        List<TopicPlan> others = new ArrayList<>();
        for (TopicPlan plan : missing) {
            try {
                await(
                        created.getOrDefault(plan.name(), KafkaFuture.completedFuture(null)),
                        "creating topic " + plan.name());
                LOG.info("Created a topic; topic={} partitions={}", plan.name(), plan.partitions());
            } catch (ProvisionException failure) {
                if (failure.getCause() instanceof InvalidReplicationFactorException) {
                    throw new ProvisionException(
                            "replication.factor is " + settings.replicationFactor()
                                    + ": the cluster has fewer brokers. Set it to 1 for a single broker",
                            failure);
                }
                if (!(failure.getCause() instanceof TopicExistsException)) {
                    throw failure;
                }
                // Another process made it meanwhile: what it made is checked like any other.
                others.add(plan);
            }
        }
        if (!others.isEmpty()) {
            checkPartitions(others, describeAll(others));
        }
    }

    /** Descriptions of the topics that exist, by name. */
    private Map<String, TopicDescription> describe(List<TopicPlan> plans) {
        Set<String> existing = await(admin.listTopics().names(), "listing topics");
        List<TopicPlan> present =
                plans.stream().filter(plan -> existing.contains(plan.name())).toList();
        return describeAll(present);
    }

    private Map<String, TopicDescription> describeAll(List<TopicPlan> plans) {
        Map<String, TopicDescription> found = new HashMap<>();
        admin.describeTopics(plans.stream().map(TopicPlan::name).toList())
                .topicNameValues()
                .forEach((name, future) -> {
                    try {
                        found.put(name, await(future, "describing topic " + name));
                    } catch (ProvisionException failure) {
                        // Made a moment ago, and the broker that was asked has not heard of it; or deleted since.
                        if (!(failure.getCause() instanceof UnknownTopicOrPartitionException)) {
                            throw failure;
                        }
                    }
                });
        return found;
    }

    private void checkPartitions(List<TopicPlan> plans, Map<String, TopicDescription> found) {
        for (TopicPlan plan : plans) {
            TopicDescription description = found.get(plan.name());
            if (description == null || description.partitions().size() == plan.partitions()) {
                continue;
            }
            int partitions = description.partitions().size();
            throw new ProvisionException(
                    plan.partitions() == 1 ? onePartition(plan.name(), partitions) : samePartitions(plan, partitions));
        }
    }

    private static String onePartition(String topic, int partitions) {
        return "topic " + topic + " has " + partitions + " partitions and must have 1, which is what keeps its jobs in"
                + " order. Partitions cannot be taken away: stop its producers, let its jobs finish, delete it"
                + " (kafka-topics.sh --delete --topic " + topic + ") and start again, which makes it anew;"
                + " or set another topic.prefix";
    }

    private static String samePartitions(TopicPlan plan, int partitions) {
        return "topic " + plan.name() + " has " + partitions + " partitions and job.events.partitions is "
                + plan.partitions() + ". The number never changes, since it decides where a job's history lies: set"
                + " job.events.partitions=" + partitions + ", or another topic.prefix to begin anew";
    }

    /** Fixed configurations that differ from the plan, by topic. */
    private Map<String, Map<String, String>> differences(List<TopicPlan> plans) {
        if (plans.isEmpty()) {
            return Map.of();
        }
        List<ConfigResource> resources = plans.stream()
                .map(plan -> new ConfigResource(ConfigResource.Type.TOPIC, plan.name()))
                .toList();
        Map<ConfigResource, Config> configs =
                await(admin.describeConfigs(resources).all(), "describing configurations");
        Map<String, Map<String, String>> differences = new TreeMap<>();
        for (TopicPlan plan : plans) {
            Config config = configs.get(new ConfigResource(ConfigResource.Type.TOPIC, plan.name()));
            Map<String, String> differing = new TreeMap<>();
            plan.fixed().forEach((name, value) -> {
                ConfigEntry entry = config == null ? null : config.get(name);
                if (entry == null || !value.equals(entry.value())) {
                    differing.put(name, value);
                }
            });
            if (!differing.isEmpty()) {
                differences.put(plan.name(), differing);
            }
        }
        return differences;
    }

    private void alter(ConfigResource resource, Map<String, String> configs) {
        Collection<AlterConfigOp> operations = configs.entrySet().stream()
                .map(config -> new AlterConfigOp(
                        new ConfigEntry(config.getKey(), config.getValue()), AlterConfigOp.OpType.SET))
                .toList();
        await(
                admin.incrementalAlterConfigs(Map.of(resource, operations)).all(),
                "configuring " + resource.name() + " with " + new TreeMap<>(configs));
    }

    private void checkSize(ResourceGroup group) {
        int most = maxShareGroupSize();
        if (group.getMaxWorkers() > most) {
            throw new ProvisionException("resource group " + group.getName() + ": max_workers is "
                    + group.getMaxWorkers() + ": must be at most " + most + ", the brokers' " + MAX_SIZE
                    + " (which they allow up to 1000)");
        }
    }

    private int maxShareGroupSize() {
        Collection<Node> nodes = await(admin.describeCluster().nodes(), "describing the cluster");
        int most = 1000;
        try {
            List<ConfigResource> brokers = nodes.stream()
                    .map(node -> new ConfigResource(ConfigResource.Type.BROKER, node.idString()))
                    .toList();
            for (Config config : await(admin.describeConfigs(brokers).all(), "describing brokers")
                    .values()) {
                ConfigEntry entry = config.get(MAX_SIZE);
                if (entry != null && entry.value() != null) {
                    most = Math.min(most, Integer.parseInt(entry.value()));
                }
            }
        } catch (ProvisionException refused) {
            if (!(refused.getCause() instanceof AuthorizationException)) {
                throw refused;
            }
            // A managed cluster may hide its brokers' settings; its default is then taken for granted.
            LOG.warn("The brokers' group.share.max.size may not be read; 200 is assumed");
            return 200;
        }
        return most;
    }

    private Set<String> groupsOnCluster() {
        Set<String> names = new HashSet<>();
        names.add(Topics.DEFAULT_GROUP);
        for (String topic : await(admin.listTopics().names(), "listing topics")) {
            topics.queue(topic).filter(queue -> !queue.retries()).ifPresent(queue -> names.add(queue.group()));
        }
        return names;
    }

    private <T> T await(KafkaFuture<T> future, String doing) {
        try {
            return future.get(settings.adminTimeout().toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException failure) {
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            throw new ProvisionException(doing + " failed: " + cause.getMessage(), cause);
        } catch (TimeoutException slow) {
            throw new ProvisionException(
                    doing + " took longer than provision.timeout.ms, which is "
                            + settings.adminTimeout().toMillis(),
                    slow);
        } catch (InterruptedException stopped) {
            throw new InterruptException(stopped);
        }
    }
}
