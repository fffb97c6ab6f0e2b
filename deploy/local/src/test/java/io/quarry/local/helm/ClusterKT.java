package io.quarry.local.helm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.readiness.Readiness;
import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.JobState;
import io.quarry.avro.State;
import io.quarry.avro.Transition;
import io.quarry.client.JobHandle;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;

/**
 * The chart with our image on a real cluster: its scheduler, its kubelet and the kernel do to pods what they do. The jobs of one
 * installation, in the order of the tests: those with pods of their own run beside those of the first.
 */
@EnabledIfEnvironmentVariable(
        named = Installation.IMAGE,
        matches = ".+",
        disabledReason = "needs a cluster (KUBECONFIG) and our image for it: QUARRY_CLUSTER_IMAGE names it")
@EnabledIfEnvironmentVariable(
        named = "KUBECONFIG",
        matches = ".+",
        disabledReason = "needs a cluster (KUBECONFIG) and our image for it: QUARRY_CLUSTER_IMAGE names it")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Tag("cluster")
class ClusterKT {
    private static final Duration SOON = Duration.ofMinutes(4);
    private static final String VALUES = """
            catalog: |
              version: 1
              entities:
                thing: {keys: {id: BIGINT}}
              features:
                thing.twice: {sql: "id * 2"}
            scheduler:
              replicas: 1
              resources: {requests: {cpu: 100m, memory: 700Mi}, limits: {memory: 1Gi}}
              settings: {job.events.partitions: 1}
            workers:
              settings: {worker.heartbeat.ms: 500}
            """;
    /** Groups whose leases are longer than any wait here: on a machine that is short of processors a lost heartbeat ends nothing. */
    private static final String GROUP = """
            name: %s
            lease: 10m
            worker: {cpu: 400m, memory: 640Mi, ephemeral_storage: 256Mi}
            workers: {min: 0, max: 3}
            scaling: {target_wait: 1s, up_cooldown: 0ms, down_cooldown: 2s}
            oversize: {policy: launch, ceiling: {cpu: "64", memory: 900Gi}}
            """;

    private static final String LARGER = "resources: {cpu: 300m, memory: 700Mi}\nmax_attempts: 1\n";

    @TempDir
    private static Path temporary;

    private static Installation quarry;

    @BeforeAll
    static void install() throws Exception {
        quarry = Installation.begin(temporary);
        quarry.quarry(GROUP.formatted("default"), "groups", "apply", "-f", "-");
        quarry.quarry(
                GROUP.formatted("imageless") + "image: quarry-nowhere:1\nimage_pull_policy: Never\n",
                "groups",
                "apply",
                "-f",
                "-");
        quarry.quarry(
                GROUP.formatted("crooked") + "environment: {JDK_JAVA_OPTIONS: -XX:NoSuchOption}\n",
                "groups",
                "apply",
                "-f",
                "-");
        quarry.install(VALUES);
    }

    @AfterAll
    static void uninstall() {
        if (quarry != null) {
            quarry.close();
        }
    }

    @Test
    @Order(1)
    void aGroupGrowsFromZeroToThreeAndShrinksToOneWithoutInterruptingAnyJob() throws Exception {
        submit("small", LARGER + work(1));
        submit("hungry", LARGER + query("""
                SELECT list_sum(list_transform(range(1000000 * (a.range + 1)), lambda x: x + 1))::BIGINT AS id
                FROM range(1000) a"""));
        submit("imageless", "resource_group: imageless\n" + LARGER + work(1));
        submit("crooked", "resource_group: crooked\n" + LARGER + work(1));
        submit("giant", "resources: {memory: 800Gi}\n" + work(1));
        assertThat(workers()).isEmpty();

        // The long one is the last worker's to start: it is to run still when the other two have gone.
        List<JobHandle> jobs = List.of(
                submit("short-1", work(12_000)), submit("short-2", work(12_000)), submit("long", work(100_000)));
        JobHandle longest = jobs.get(2);

        await().atMost(SOON).until(() -> workers().size() == 3);
        await().atMost(SOON).until(() -> owners(jobs).size() == 3 || shortsEnded(jobs));
        await().atMost(SOON).until(() -> workers().size() == 1);
        assertThat(longest.state().map(JobState::getState)).hasValue(State.RUNNING);
        jobs.forEach(ClusterKT::succeedsAtOnce);
        nothingWasInterrupted();
    }

    @Test
    @Order(2)
    void whatBecomesOfAPodOfAJobIsSaidInTheClustersWords() {
        assertThat(end("small").getState()).isEqualTo(State.SUCCEEDED);
        assertThat(end("hungry").getCause().getType()).isEqualTo(CauseType.OOM_KILLED);
        assertThat(end("hungry").getCause().getEvidence())
                .containsEntry("limit_bytes", String.valueOf(700L << 20))
                .containsKeys("node", "pod", "exit_code")
                .hasEntrySatisfying(
                        "peak_memory_bytes",
                        peak -> assertThat(Long.parseLong(peak)).isBetween(100L << 20, 700L << 20));
        assertThat(end("crooked").getCause().getMessage()).isEqualTo("The process ended with exit code 1.");

        waitsBecause("imageless", "The image quarry-nowhere:1 cannot be pulled: ErrImage");
        waitsBecause("giant", "Unschedulable: 0/1 nodes are available");
        assertThat(quarry.pods("launched-job")).hasSize(5);
        for (String waiting : List.of("imageless", "giant")) {
            quarry.client().handle(waiting).cancel("test", "enough");
            assertThat(end(waiting).getState()).isEqualTo(State.CANCELLED);
        }
        await().atMost(SOON).until(() -> quarry.pods("launched-job").size() == 3);
    }

    @Test
    @Order(3)
    void aDeletedPodADrainedNodeAndAnotherImageUnderLoadLoseNoJob() throws Exception {
        // One with a pod of its own: the next scheduler finds what this one launched.
        JobHandle launched = submit("launched", LARGER + work(80_000));
        await().atMost(SOON).until(() -> in(State.RUNNING).test(launched));
        List<JobHandle> jobs = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            jobs.add(submit("load-" + i, work(12_000)));
        }
        List<String> busy = await().atMost(SOON).until(() -> owners(jobs), owners -> owners.size() >= 2);
        String earlier = quarry.pods("scheduler").get(0).getMetadata().getName();

        quarry.upgrade(another());
        quarry.delete(busy.get(0));
        quarry.cordon(true);
        try {
            quarry.evict(busy.get(1));
            await().atMost(SOON).until(() -> quarry.evict(earlier));
            await().atMost(SOON)
                    .until(() -> quarry.pods("scheduler").stream()
                            .anyMatch(pod ->
                                    Readiness.isPodReady(pod) && isOf(another()).test(pod)));
        } finally {
            quarry.cordon(false);
        }
        await().atMost(SOON).until(() -> {
            if (jobs.stream().allMatch(ClusterKT::isTaken)) {
                jobs.add(submit("load-" + jobs.size(), work(6_000)));
            }
            return workers().stream().anyMatch(isOf(another()).and(Readiness::isPodReady));
        });

        jobs.forEach(ClusterKT::succeedsAtOnce);
        succeedsAtOnce(launched);
        nothingWasInterrupted();
    }

    @Test
    @Order(4)
    void aPodThatGoesWhileNoSchedulerRunsIsReportedLongBeforeItsLeaseEnds() {
        JobHandle job = submit("orphan", "max_attempts: 2\n" + work(30_000));
        List<String> owner = await().atMost(SOON).until(() -> owners(List.of(job)), owners -> owners.size() == 1);

        quarry.schedulers(0);
        quarry.kill(owner.get(0));
        quarry.schedulers(1);

        JobState end = end(job.id());
        assertThat(end.getState()).as("%s", end).isEqualTo(State.SUCCEEDED);
        assertThat(end.getAttempt()).as("%s", end).isEqualTo(2);
        assertThat(end.getHistory().stream().map(Transition::getCause).filter(Objects::nonNull))
                .extracting(Cause::getType)
                .contains(CauseType.POD_FAILED);
    }

    private static void nothingWasInterrupted() {
        await().atMost(SOON)
                .until(() -> quarry.counter("quarry_jobs_interrupted_by_scaling_total")
                        .isPresent());
        assertThat(quarry.counter("quarry_jobs_interrupted_by_scaling_total").map(Double::parseDouble))
                .hasValue(0.0);
    }

    /** The same image by another name, which is another image to a cluster. */
    private static String another() {
        String name = Installation.image().substring(0, Installation.image().lastIndexOf(':'));
        return name.contains("/") ? name : "docker.io/library/" + name;
    }

    private static Predicate<Pod> isOf(String repository) {
        return pod -> pod.getSpec().getContainers().get(0).getImage().startsWith(repository + ":");
    }

    private static List<Pod> workers() {
        return quarry.pods("worker");
    }

    private static boolean shortsEnded(List<JobHandle> jobs) {
        return jobs.stream().filter(in(State.SUCCEEDED)).count() == 2;
    }

    /** Whether a job waits no more. */
    private static boolean isTaken(JobHandle job) {
        return job.state().filter(row -> row.getState() != State.QUEUED).isPresent();
    }

    private static Predicate<JobHandle> in(State state) {
        return job -> job.state().filter(row -> row.getState() == state).isPresent();
    }

    /** Pods that have one of the jobs in hand. */
    private static List<String> owners(List<JobHandle> jobs) {
        return jobs.stream()
                .flatMap(job -> job.state().stream())
                .filter(row -> row.getState() == State.RUNNING)
                .map(JobState::getOwner)
                .filter(Objects::nonNull)
                .map(owner -> owner.getWorker())
                .distinct()
                .toList();
    }

    private static void succeedsAtOnce(JobHandle job) {
        JobState end = end(job.id());
        assertThat(end.getState()).as("%s", end).isEqualTo(State.SUCCEEDED);
        assertThat(end.getAttempt()).as("%s", end).isEqualTo(1);
    }

    private static JobState end(String id) {
        return quarry.client()
                .handle(id)
                .await()
                .orTimeout(SOON.toSeconds(), TimeUnit.SECONDS)
                .join();
    }

    private static void waitsBecause(String id, String words) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(quarry.client().handle(id).state())
                        .hasValueSatisfying(row -> {
                            assertThat(row.getState()).isEqualTo(State.LAUNCHING);
                            assertThat(row.getWaitsBecause()).startsWith(words);
                        }));
    }

    private static JobHandle submit(String id, String job) {
        quarry.quarry(job, "submit", "-", "--id", id);
        return quarry.client().handle(id);
    }

    /** Work of so many steps, of which a whole processor does some four thousand a second. */
    private static String work(int steps) {
        return query("SELECT sum(hash(a.range * 7919 + b.range) % 2)::BIGINT AS id FROM range(" + steps
                + ") a, range(10000) b");
    }

    private static String query(String sql) {
        return "offline_query: {input: {sql: '" + sql.replace("\n", " ") + "'}, outputs: [thing.twice]}\n";
    }
}
