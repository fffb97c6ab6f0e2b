package io.quarry.scheduler.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceQuotaBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.quarry.avro.CauseType;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.Source;
import io.quarry.avro.Toleration;
import io.quarry.scheduler.TestApiServer;
import io.quarry.scheduler.launch.PodPlatform.Answer;
import io.quarry.scheduler.launch.PodPlatform.AwayException;
import io.quarry.scheduler.launch.PodPlatform.Phase;
import io.quarry.scheduler.pods.KubernetesSettings;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** The platform against a real API server, which has no controllers: what those would do the tests do. */
@EnabledIfEnvironmentVariable(
        named = "KUBE_API_TEST_DIR",
        matches = ".+",
        disabledReason = "needs kube-apiserver and etcd: KUBE_API_TEST_DIR names their place")
class KubernetesPlatformKT {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String RIGHTS = "launcher.yaml";

    private static TestApiServer server;
    private static KubernetesClient client;

    private final List<JobEvent> news = new CopyOnWriteArrayList<>();
    private final List<PodPlatform> platforms = new ArrayList<>();
    private String namespace = "";

    @BeforeAll
    static void startServer() {
        server = new TestApiServer();
        client = server.client();
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @BeforeEach
    void makeNamespace() {
        namespace = server.makeNamespace();
    }

    @AfterEach
    void close() {
        platforms.forEach(PodPlatform::close);
    }

    @Test
    void launchTwice() {
        PodPlatform platform = platform(client);
        Launch launch = launch("job-1", 1);

        assertThat(platform.start(launch)).isEqualTo(new Answer.Made(true));
        assertThat(platform.start(launch)).as("it is the same one again").isEqualTo(new Answer.Made(false));

        Job job = job(launch.key());
        assertThat(job.getSpec().getBackoffLimit()).isZero();
        var pod = job.getSpec().getTemplate().getSpec();
        assertThat(pod.getRestartPolicy()).isEqualTo("Never");
        var container = pod.getContainers().get(0);
        assertThat(container.getResources().getLimits())
                .isEqualTo(container.getResources().getRequests())
                .containsEntry("memory", new Quantity("2Gi"))
                .containsEntry("cpu", new Quantity("1500m"))
                .containsEntry("ephemeral-storage", new Quantity("1Gi"));
        assertThat(container.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
        assertThat(container.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
        assertThat(container.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
        assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
        assertThat(pod.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
    }

    @Test
    void secondAttemptGetsItsOwnPodAndAForeignIdIsNoTrouble() {
        PodPlatform platform = platform(client);
        String foreign = "Ein_Job:mit.".repeat(16) + "12345678";

        assertThat(platform.start(launch(foreign, 1))).isEqualTo(new Answer.Made(true));
        assertThat(platform.start(launch(foreign, 2))).isEqualTo(new Answer.Made(true));

        assertThat(JobManifest.key(job(launch(foreign, 2).key()))).contains(new Launch.Key(foreign, 2));
    }

    @Test
    void aQuotaMakesTheJobWaitWithTheServersWords() {
        var quota = client.resourceQuotas()
                .inNamespace(namespace)
                .resource(new ResourceQuotaBuilder()
                        .withNewMetadata()
                        .withName("few")
                        .endMetadata()
                        .withNewSpec()
                        .withHard(Map.of("count/jobs.batch", new Quantity("0")))
                        .endSpec()
                        .build())
                .create();
        quota.setStatus(new io.fabric8.kubernetes.api.model.ResourceQuotaStatusBuilder()
                .withHard(Map.of("count/jobs.batch", new Quantity("0")))
                .withUsed(Map.of("count/jobs.batch", new Quantity("0")))
                .build());
        client.resourceQuotas().inNamespace(namespace).resource(quota).updateStatus();
        PodPlatform platform = platform(client);

        Answer answer = platform.start(launch("job-1", 1));

        assertThat(answer)
                .isInstanceOfSatisfying(
                        Answer.NoRoom.class, full -> assertThat(full.reason()).contains("exceeded quota: few"));
    }

    @Test
    void whatTheServerRefusesIsTheJobsEndAndWhatItCannotDoNowIsNot() {
        PodPlatform refused = platform(
                client,
                Map.of(
                        "launch.service.account",
                        "Not_A_Name",
                        "launch.image",
                        "quarry:1",
                        "launch.namespace",
                        namespace));
        assertThat(refused.start(launch("job-1", 1))).isInstanceOfSatisfying(Answer.Never.class, never -> {
            assertThat(never.cause().getType()).isEqualTo(CauseType.POD_FAILED);
            assertThat(never.cause().getMessage()).contains("Not_A_Name");
        });
        PodPlatform nowhere = platform(client, Map.of("launch.image", "quarry:1", "launch.namespace", "nowhere"));
        assertThat(nowhere.start(launch("job-1", 1))).isInstanceOf(Answer.Away.class);
    }

    @Test
    void aJobThatWasDeletedWithTheWatchOffIsLaunchedAgain() throws Exception {
        PodPlatform platform = platform(client);
        Launch launch = launch("job-1", 1);
        assertThat(platform.start(launch)).isEqualTo(new Answer.Made(true));
        AutoCloseable watch = platform.watch(news::add);
        awaitPods(platform, Phase.WAITS);

        watch.close();
        client.batch()
                .v1()
                .jobs()
                .inNamespace(namespace)
                .withName(launch.key().name())
                .delete();
        platform.watch(news::add);

        awaitPods(platform);
        assertThat(platform.start(launch)).isEqualTo(new Answer.Made(true));
        awaitPods(platform, Phase.WAITS);
        platform.end(launch.key(), "enough");
        awaitPods(platform);
        platform.end(launch.key(), "twice does no harm");
    }

    @Test
    void whatHappensToAPodIsToldOnce() throws Exception {
        PodPlatform platform = platform(client);
        Launch launch = launch("job-1", 1);
        platform.start(launch);
        Pod pod = pod(launch.key());
        platform.watch(news::add);

        status(
                pod,
                status -> status.withPhase("Pending")
                        .withConditions(new PodConditionBuilder()
                                .withType("PodScheduled")
                                .withStatus("False")
                                .withReason("Unschedulable")
                                .withMessage("0/1 nodes are available")
                                .build()));
        awaitNews(JobEventType.WAITING);
        awaitPods(platform, Phase.WAITS);
        status(pod, status -> status.withPhase("Running"));
        awaitPods(platform, Phase.LIVES);
        status(
                pod,
                status -> status.withPhase("Failed")
                        .withContainerStatuses(new ContainerStatusBuilder()
                                .withName("job")
                                .withImage("quarry:1")
                                .withImageID("quarry:1")
                                .withReady(false)
                                .withRestartCount(0)
                                .withState(new ContainerStateBuilder()
                                        .withNewTerminated()
                                        .withReason("OOMKilled")
                                        .withExitCode(137)
                                        .endTerminated()
                                        .build())
                                .build()));
        awaitPods(platform, Phase.ENDED);
        client.pods()
                .inNamespace(namespace)
                .withName(pod.getMetadata().getName())
                .withGracePeriod(0)
                .delete();
        awaitPods(platform, Phase.WAITS);

        assertThat(news)
                .extracting(
                        JobEvent::getType,
                        JobEvent::getReason,
                        event -> event.getCause().getType())
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(
                                JobEventType.WAITING, "Unschedulable: 0/1 nodes are available", CauseType.POD_FAILED),
                        org.assertj.core.groups.Tuple.tuple(JobEventType.POD_FAILED, null, CauseType.OOM_KILLED));
        assertThat(news)
                .extracting(JobEvent::getClaim)
                .containsOnly(pod.getMetadata().getUid());
    }

    @Test
    void theRoleOfTheLauncherSufficesAndNothingOfItCanGo() throws Exception {
        List<PolicyRule> granted = TestApiServer.granted(RIGHTS);
        assertThat(course(granted, SOON)).as("with all that is granted").isTrue();
        for (int i = 0; i < granted.size(); i++) {
            List<PolicyRule> less = new ArrayList<>(granted);
            PolicyRule gone = less.remove(i);
            assertThat(course(less, Duration.ofSeconds(4)))
                    .as("without %s of %s", gone.getVerbs(), gone.getResources())
                    .isFalse();
        }
    }

    @Test
    void aServerThatForbidsIsAskedAgainUntilItAllows() throws Exception {
        PodPlatform platform = platform(server.as(namespace, List.of()));
        platform.watch(news::add);
        await().atMost(SOON)
                .untilAsserted(() -> assertThatThrownBy(platform::pods)
                        .isInstanceOf(AwayException.class)
                        .hasMessageContaining("forbidden"));
        assertThat(platform.start(launch("job-1", 1)))
                .isInstanceOfSatisfying(
                        Answer.Away.class, away -> assertThat(away.reason()).contains("does not allow", "forbidden"));

        server.grant(namespace, TestApiServer.granted(RIGHTS));

        awaitPods(platform);
        assertThat(platform.start(launch("job-1", 1))).isEqualTo(new Answer.Made(true));
    }

    // ---- what the launcher does in the course of its life, each verb at least once

    private boolean course(List<PolicyRule> rules, Duration patience) throws Exception {
        Launch launch = launch("job-" + UUID.randomUUID(), 1);
        try (KubernetesClient limited = server.as(namespace, rules);
                KubernetesPlatform platform =
                        new KubernetesPlatform(limited, KubernetesSettings.of(settings()), InstantSource.system())) {
            if (!(platform.start(launch) instanceof Answer.Made)) {
                return false;
            }
            List<JobEvent> told = new CopyOnWriteArrayList<>();
            AutoCloseable watch = platform.watch(told::add);
            event(launch.key());
            await().atMost(patience).pollInterval(Duration.ofMillis(50)).until(() -> {
                try {
                    platform.pods();
                    return told.stream().anyMatch(e -> "pods are forbidden: exceeded quota".equals(e.getReason()));
                } catch (AwayException e) {
                    return false;
                }
            });
            platform.end(launch.key(), "enough");
            await().atMost(patience).until(() -> platform.pods().isEmpty());
            watch.close();
            return true;
        } catch (AwayException | org.awaitility.core.ConditionTimeoutException e) {
            return false;
        } finally {
            client.batch()
                    .v1()
                    .jobs()
                    .inNamespace(namespace)
                    .withName(launch.key().name())
                    .delete();
        }
    }

    /** What a controller says of a Job that it may make no pod for. */
    private void event(Launch.Key key) {
        client.v1()
                .events()
                .inNamespace(namespace)
                .resource(new io.fabric8.kubernetes.api.model.EventBuilder()
                        .withNewMetadata()
                        .withName(key.name() + ".1")
                        .endMetadata()
                        .withNewInvolvedObject()
                        .withKind("Job")
                        .withName(key.name())
                        .withNamespace(namespace)
                        .endInvolvedObject()
                        .withReason("FailedCreate")
                        .withMessage("pods are forbidden: exceeded quota")
                        .withType("Warning")
                        .build())
                .create();
    }

    // ---- small things

    private Map<String, String> settings() {
        return Map.of("launch.image", "quarry:1", "launch.namespace", namespace);
    }

    private PodPlatform platform(KubernetesClient as) {
        return platform(as, settings());
    }

    private PodPlatform platform(KubernetesClient as, Map<String, String> settings) {
        // A client that is closed with the platform must not be the tests' own.
        KubernetesClient own = as == client
                ? new KubernetesClientBuilder()
                        .withConfig(client.getConfiguration())
                        .build()
                : as;
        PodPlatform platform = new KubernetesPlatform(own, KubernetesSettings.of(settings), InstantSource.system());
        platforms.add(platform);
        return platform;
    }

    private static Launch launch(String job, int attempt) {
        return new Launch(
                new Launch.Key(job, attempt),
                ResourceGroup.newBuilder()
                        .setName("default")
                        .setWorker(new Resources(1000L, 1L << 30, 1L << 30))
                        .setNodeSelector(Map.of("disk", "ssd"))
                        .setTolerations(List.of(new Toleration("large", "Equal", "yes", "NoSchedule", null)))
                        .setEnvironment(Map.of("TZ", "UTC"))
                        .build(),
                new Resources(1500L, 2L << 30, 1L << 30),
                new Source("quarry.jobs.oversize", 17L),
                Duration.ofHours(1));
    }

    private Job job(Launch.Key key) {
        return client.batch()
                .v1()
                .jobs()
                .inNamespace(namespace)
                .withName(key.name())
                .get();
    }

    /** The pod that a controller would make of the Job. */
    private Pod pod(Launch.Key key) {
        Job job = job(key);
        var spec = job.getSpec().getTemplate().getSpec();
        spec.setServiceAccountName(null);
        return client.pods()
                .inNamespace(namespace)
                .resource(new PodBuilder()
                        .withNewMetadata()
                        .withName(key.name() + "-x")
                        .withLabels(job.getSpec().getTemplate().getMetadata().getLabels())
                        .withAnnotations(
                                job.getSpec().getTemplate().getMetadata().getAnnotations())
                        .endMetadata()
                        .withSpec(spec)
                        .build())
                .create();
    }

    private void status(Pod pod, UnaryOperator<PodStatusBuilder> status) {
        Pod now = client.pods()
                .inNamespace(namespace)
                .withName(pod.getMetadata().getName())
                .get();
        now.setStatus(status.apply(new PodStatusBuilder()).build());
        client.pods().inNamespace(namespace).resource(now).updateStatus();
    }

    private void awaitNews(JobEventType type) {
        await().atMost(SOON).until(() -> news.stream().anyMatch(event -> event.getType() == type));
    }

    private static void awaitPods(PodPlatform platform, Phase... phases) {
        await().atMost(SOON)
                .ignoreException(AwayException.class)
                .untilAsserted(() -> assertThat(platform.pods())
                        .extracting(PodPlatform.Standing::phase)
                        .containsExactly(phases));
    }
}
