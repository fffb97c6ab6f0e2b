package io.quarry.local.bench;

import io.quarry.local.FileTree;
import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.ProvisionSettings;
import io.quarry.schemas.provision.TopicProvisioner;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A scheduler as a process of its own, with settings as they come, that can be stopped, robbed of its state directory and
 * started again.
 */
final class Control implements AutoCloseable {
    private static final long HEAP = 256L << 20;
    private static final Duration UP = Duration.ofMinutes(30);
    private static final long LOOK_MS = 50;

    private final Map<String, String> settings;
    private final Topics topics;
    private final Path home;
    private final @Nullable Path recordings;
    private final Admin admin;
    private int starts;
    private @Nullable Child child;

    /** Makes the topics and starts nothing yet. */
    Control(Map<String, String> settings, Path home, @Nullable Path recordings) {
        this.settings = new HashMap<>(settings);
        this.topics = new Topics(settings.getOrDefault("topic.prefix", ""));
        this.home = home;
        this.recordings = recordings;
        this.settings.put("scheduler.state.dir", state().toString());
        this.admin = Admin.create(Map.of("bootstrap.servers", settings.getOrDefault("bootstrap.servers", "")));
        TopicProvisioner.of(admin, topics, ProvisionSettings.of(this.settings)).provision();
    }

    Topics topics() {
        return topics;
    }

    private Path state() {
        return home.resolve("scheduler-state");
    }

    /** Starts the scheduler and waits until its topologies run. */
    Child start() throws IOException, InterruptedException {
        Path place = home.resolve("scheduler-" + ++starts);
        Child started = Child.start(
                place,
                new Child.Program(
                        SchedulerHostMain.class.getName(),
                        List.of(Child.settings(place, settings)),
                        HEAP,
                        System.getProperty("java.class.path"),
                        recordings));
        child = started;
        String unused = started.awaitReady(UP);
        return started;
    }

    /** Stops the scheduler in order. */
    void stop() {
        Child running = child;
        child = null;
        if (running != null) {
            running.close();
        }
    }

    /** Removes all that a stopped scheduler knows without the broker. */
    void forget() throws IOException {
        FileTree.delete(state());
    }

    /** Where the log of events ends now. */
    Map<TopicPartition, Long> ends() throws InterruptedException {
        try {
            Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
            admin.describeTopics(Set.of(topics.events()))
                    .allTopicNames()
                    .get()
                    .forEach((name, topic) -> topic.partitions()
                            .forEach(partition ->
                                    asked.put(new TopicPartition(name, partition.partition()), OffsetSpec.latest())));
            Map<TopicPartition, Long> ends = new HashMap<>();
            admin.listOffsets(asked).all().get().forEach((partition, info) -> ends.put(partition, info.offset()));
            return ends;
        } catch (ExecutionException e) {
            throw new IllegalStateException("the broker does not say where its topics end", e.getCause());
        }
    }

    /** Waits until the lifecycle has taken in all events below these ends. */
    void awaitTakenIn(Map<TopicPartition, Long> ends, Duration longest, String what, News news)
            throws InterruptedException {
        long last = System.nanoTime() + longest.toNanos();
        long all = ends.values().stream().mapToLong(Long::longValue).sum();
        while (true) {
            Map<TopicPartition, OffsetAndMetadata> committed = committed();
            long done = ends.entrySet().stream()
                    .mapToLong(end -> Math.min(end.getValue(), at(committed, end.getKey())))
                    .sum();
            if (done >= all) {
                return;
            }
            news.share(what, (double) done / all);
            Child running = child;
            if (System.nanoTime() > last || running == null || !running.isAlive()) {
                throw new IllegalStateException("the scheduler took in " + done + " of " + all + " events within "
                        + longest.toSeconds() + " s"
                        + (running == null
                                ? "; it is gone"
                                : running.end().map(how -> "; " + how).orElse("")));
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_MS);
        }
    }

    private static long at(Map<TopicPartition, OffsetAndMetadata> committed, TopicPartition partition) {
        OffsetAndMetadata offset = committed.get(partition);
        return offset == null ? 0 : offset.offset();
    }

    private Map<TopicPartition, OffsetAndMetadata> committed() throws InterruptedException {
        try {
            return admin.listConsumerGroupOffsets(topics.prefix() + "lifecycle")
                    .partitionsToOffsetAndMetadata()
                    .get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("the broker does not say how far the lifecycle is", e.getCause());
        }
    }

    /** Bytes that the broker keeps for the lifecycle's changelogs. */
    long changelogBytes() throws InterruptedException {
        try {
            Set<String> changelogs = admin.listTopics().names().get().stream()
                    .filter(name -> name.startsWith(topics.prefix() + "lifecycle-") && name.endsWith("-changelog"))
                    .collect(Collectors.toSet());
            return admin.describeLogDirs(List.of(1)).allDescriptions().get().values().stream()
                    .flatMap(broker -> broker.values().stream())
                    .flatMap(directory -> directory.replicaInfos().entrySet().stream())
                    .filter(replica -> changelogs.contains(replica.getKey().topic()))
                    .mapToLong(replica -> replica.getValue().size())
                    .sum();
        } catch (ExecutionException e) {
            throw new IllegalStateException("the broker does not say how large its topics are", e.getCause());
        }
    }

    @Override
    public void close() {
        stop();
        admin.close();
    }
}
