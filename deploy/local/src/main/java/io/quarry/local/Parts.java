package io.quarry.local;

import io.quarry.avro.ResourceGroup;
import io.quarry.scheduler.SchedulerProcess;
import io.quarry.scheduler.launch.PodPlatform;
import io.quarry.scheduler.trigger.ScheduleTime;
import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.ProvisionSettings;
import io.quarry.schemas.provision.TopicProvisioner;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;

/**
 * What local mode puts together besides broker and registry. The parts are started from flat settings by the same roots
 * that production uses.
 *
 * @param topics makes the topics; what it returns is closed at once
 * @param scheduler starts the scheduler in this JVM
 * @param workerMain main class of a worker process
 */
record Parts(Part topics, SchedulerPart scheduler, String workerMain) {
    private static final Duration SCHEDULER_LIMIT = Duration.ofSeconds(60);

    /** Starts one part. */
    @FunctionalInterface
    interface Part {
        AutoCloseable start(Map<String, String> settings) throws Exception;
    }

    /** Starts the scheduler, which closes the platform with itself. */
    @FunctionalInterface
    interface SchedulerPart {
        AutoCloseable start(Map<String, String> settings, PodPlatform platform) throws Exception;
    }

    /** What production runs, its schedules by a time of the caller's. */
    static Parts ofProduction(ScheduleTime time) {
        return new Parts(
                Parts::provision,
                (settings, platform) -> startScheduler(settings, platform, time),
                "io.quarry.worker.WorkerMain");
    }

    private static AutoCloseable provision(Map<String, String> settings) {
        ProvisionSettings provision = ProvisionSettings.of(settings);
        Topics topics = new Topics(settings.getOrDefault("topic.prefix", Topics.DEFAULT_PREFIX));
        try (Admin admin = Admin.create(Map.copyOf(ClientSettings.of(settings)))) {
            TopicProvisioner provisioner = TopicProvisioner.of(admin, topics, provision);
            provisioner.provision();
            // The group's size is that of the workers that this start runs, not of those of an earlier one.
            provisioner.provisionGroup(ResourceGroup.newBuilder(provision.defaultGroup())
                    .setName(settings.getOrDefault("resource.group", Topics.DEFAULT_GROUP))
                    .build());
        }
        return () -> {};
    }

    private static AutoCloseable startScheduler(Map<String, String> settings, PodPlatform platform, ScheduleTime time)
            throws InterruptedException {
        SchedulerProcess scheduler = SchedulerProcess.start(settings, Optional.of(platform), time);
        try {
            scheduler.awaitReady(SCHEDULER_LIMIT);
            return scheduler;
        } catch (IllegalStateException | InterruptedException e) {
            scheduler.close();
            throw e;
        }
    }
}
