package io.quarry.local;

import io.quarry.avro.ResourceGroup;
import io.quarry.scheduler.SchedulerProcess;
import io.quarry.scheduler.launch.PodPlatform;
import io.quarry.scheduler.pool.WorkerPool;
import io.quarry.scheduler.trigger.ScheduleTime;
import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.GroupTable;
import io.quarry.schemas.provision.ProvisionSettings;
import io.quarry.schemas.provision.TopicProvisioner;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;

/**
 * What local mode puts together besides broker and registry. The parts are started from flat settings by the same roots
 * that production uses.
 *
 * @param topics makes the topics and the group that local mode is started with
 * @param scheduler starts the scheduler in this JVM
 * @param workerMain main class of a worker process
 */
record Parts(TopicsPart topics, SchedulerPart scheduler, String workerMain) {
    private static final Duration SCHEDULER_LIMIT = Duration.ofSeconds(60);

    /** Makes the topics; its answer is the row of the group that local mode is started with. */
    @FunctionalInterface
    interface TopicsPart {
        ResourceGroup make(Map<String, String> settings) throws Exception;
    }

    /** Starts the scheduler, which closes the platform with itself and scales the pool if there is one. */
    @FunctionalInterface
    interface SchedulerPart {
        AutoCloseable start(Map<String, String> settings, PodPlatform platform, Optional<WorkerPool> pool)
                throws Exception;
    }

    /** What production runs, its schedules by a time of the caller's. */
    static Parts ofProduction(ScheduleTime time) {
        return new Parts(
                Parts::provision,
                (settings, platform, pool) -> startScheduler(settings, platform, pool, time),
                "io.quarry.worker.WorkerMain");
    }

    private static ResourceGroup provision(Map<String, String> settings) {
        ProvisionSettings provision = ProvisionSettings.of(settings);
        Topics topics = new Topics(settings.getOrDefault("topic.prefix", Topics.DEFAULT_PREFIX));
        try (Admin admin = Admin.create(Map.copyOf(ClientSettings.of(settings)))) {
            TopicProvisioner provisioner = TopicProvisioner.of(admin, topics, provision);
            provisioner.provision();
            String name = settings.getOrDefault("resource.group", Topics.DEFAULT_GROUP);
            ResourceGroup own = ResourceGroup.newBuilder(provision.defaultGroup())
                    .setName(name)
                    .build();
            GroupTable groups = GroupTable.of(topics, provision);
            StartGroup.of(groups.read().get(name), own, settings).ifPresent(provisioner::provisionGroup);
            return Objects.requireNonNull(groups.read().get(name));
        }
    }

    private static AutoCloseable startScheduler(
            Map<String, String> settings, PodPlatform platform, Optional<WorkerPool> pool, ScheduleTime time)
            throws InterruptedException {
        SchedulerProcess scheduler = SchedulerProcess.start(settings, Optional.of(platform), pool, time);
        try {
            scheduler.awaitReady(SCHEDULER_LIMIT);
            return scheduler;
        } catch (IllegalStateException | InterruptedException e) {
            scheduler.close();
            throw e;
        }
    }
}
