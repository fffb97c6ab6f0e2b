package io.quarry.scheduler.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceQuotaBuilder;
import io.fabric8.kubernetes.api.model.ResourceQuotaStatusBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentConditionBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatusBuilder;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.quarry.avro.CauseType;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.scheduler.TestApiServer;
import io.quarry.scheduler.pods.KubernetesSettings;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** The pool against a real API server, which has no controllers: the pods that those would make the tests make. */
@EnabledIfEnvironmentVariable(
        named = "KUBE_API_TEST_DIR",
        matches = ".+",
        disabledReason = "needs kube-apiserver and etcd: KUBE_API_TEST_DIR names their place")
class KubernetesPoolKT {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String RIGHTS = "pool.yaml";

    private static TestApiServer server;
    private static KubernetesClient client;

    private final List<KubernetesPool> pools = new ArrayList<>();
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
        pools.forEach(KubernetesPool::close);
    }

    @Test
    void workersComeAndTheChosenOneGoesHoweverOftenItIsAsked() {
        KubernetesPool pool = pool(client);
        ResourceGroup group = group("default");

        pool.add(group);
        assertThat(pool.workers("default"))
                .as("it counts before its pod is there")
                .hasSize(1);
        pool.add(group);
        pool.add(group);
        assertThat(pool.workers("default")).hasSize(3);
        Deployment deployment = only("default");
        assertThat(deployment.getSpec().getReplicas()).isEqualTo(3);
        Pod first = drained(deployment, "a");
        pod(deployment, "b");
        pod(deployment, "c");
        awaitWorkers(pool, "default", "a", "b", "c");
        assertThat(pool.groups()).containsExactly("default");

        awaitRemoved(pool, "default", "a", 2);
        pool.remove("default", "a");
        pool.remove("default", "nobody");

        assertThat(only("default").getSpec().getReplicas()).isEqualTo(2);
        assertThat(client.pods()
                        .inNamespace(namespace)
                        .withName("a")
                        .get()
                        .getMetadata()
                        .getAnnotations())
                .containsEntry(PoolManifest.DELETION_COST, "-1000");
        delete(first);
        awaitWorkers(pool, "default", "b", "c");
        pool.remove("default", "a");
        assertThat(only("default").getSpec().getReplicas()).isEqualTo(2);
    }

    /** A ReplicaSet takes those first that are not ready, and of the others any: the newest, with its job. */
    @Test
    void fewerAreAskedForOnlyWhenTheOneToGoIsSeenAsNotReadyAndTheOthersAsReady() {
        KubernetesPool pool = pool(client);
        for (int i = 0; i < 3; i++) {
            pool.add(group("default"));
        }
        Deployment deployment = only("default");
        pod(deployment, "goes");
        pod(deployment, "stays");
        awaitBegun(pool, "goes", "stays");

        pool.remove("default", "goes");
        assertThat(only("default").getSpec().getReplicas()).isEqualTo(3);

        ready("goes", false);
        drained(deployment, "begins");
        awaitBegun(pool, "goes", "stays", "begins");
        pool.remove("default", "goes");
        assertThat(only("default").getSpec().getReplicas())
                .as("one that begins may have a job before it is seen as ready")
                .isEqualTo(3);

        ready("begins", true);
        awaitRemoved(pool, "default", "goes", 2);
    }

    /** Asks again until the pool has seen which pods are ready, as whoever uses it does. */
    private void awaitRemoved(KubernetesPool pool, String group, String worker, int left) {
        await().atMost(SOON).until(() -> {
            pool.remove(group, worker);
            return only(group).getSpec().getReplicas() == left;
        });
    }

    @Test
    void theWrongVictimCostsAWorkerMoreAndNeverTheWrongNumber() {
        KubernetesPool pool = pool(client);
        pool.add(group("default"));
        pool.add(group("default"));
        Deployment deployment = only("default");
        drained(deployment, "idle");
        Pod other = pod(deployment, "other");
        awaitWorkers(pool, "default", "idle", "other");

        awaitRemoved(pool, "default", "idle", 1);
        delete(other);
        awaitWorkers(pool, "default", "idle");
        pool.remove("default", "idle");

        assertThat(deployments("default"))
                .as("the last one takes its Deployment along")
                .isEmpty();
    }

    @Test
    void theLastWorkerTakesDeploymentAndBudgetAlongAndTheNextOneBringsThem() {
        KubernetesPool pool = pool(client);
        pool.add(group("default"));
        assertThat(budgets()).hasSize(1);
        drained(only("default"), "a");
        awaitWorkers(pool, "default", "a");

        pool.remove("default", "a");
        assertThat(deployments("default")).isEmpty();
        assertThat(budgets()).isEmpty();

        pool.add(group("default"));
        assertThat(only("default").getSpec().getReplicas()).isEqualTo(1);
        assertThat(budgets()).hasSize(1);
    }

    @Test
    void anotherShapeIsAnotherDeploymentAndTheOldOneStays() {
        KubernetesPool pool = pool(client);
        pool.add(group("default"));
        ResourceGroup larger = ResourceGroup.newBuilder(group("default"))
                .setWorker(new Resources(2000L, 2L << 30, 1L << 30))
                .build();
        pool.add(larger);

        assertThat(deployments("default")).hasSize(2);
        assertThat(pool.workers("default"))
                .extracting(PoolWorker::shape)
                .containsExactlyInAnyOrder(Shape.of(group("default")), Shape.of(larger));
    }

    @Test
    void anotherImageOfTheInstallationMakesEveryWorkerOneOfAnotherShape() {
        pool(client).add(group("default"));
        KubernetesPool next = pool(client, Map.of("launch.image", "quarry:2", "launch.namespace", namespace));
        await().atMost(SOON).until(() -> next.workers("default").size() == 1);

        assertThat(next.workers("default").get(0).shape()).isNotEqualTo(Shape.of(group("default")));
        next.add(group("default"));

        assertThat(deployments("default"))
                .extracting(each -> each.getSpec()
                        .getTemplate()
                        .getSpec()
                        .getContainers()
                        .get(0)
                        .getImage())
                .containsExactlyInAnyOrder("quarry:1", "quarry:2");
    }

    @Test
    void howAWorkersProcessEndedIsToldAlsoToWhoListensLater() {
        KubernetesPool pool = pool(client);
        pool.add(group("default"));
        Pod killed = pod(only("default"), "killed");
        Pod deleted = pod(only("default"), "deleted");
        killed.setStatus(new PodStatusBuilder()
                .withPhase("Running")
                .withContainerStatuses(new ContainerStatusBuilder()
                        .withName(PoolManifest.WORKER)
                        .withImage("quarry:1")
                        .withImageID("1")
                        .withReady(true)
                        .withRestartCount(1)
                        .withNewLastState()
                        .withNewTerminated()
                        .withReason("OOMKilled")
                        .withExitCode(137)
                        .withFinishedAt("2026-01-01T00:00:00Z")
                        .endTerminated()
                        .endLastState()
                        .build())
                .build());
        client.pods().inNamespace(namespace).resource(killed).updateStatus();
        List<WorkerDeath> told = new CopyOnWriteArrayList<>();
        try (WorkerPool.Watch first = pool.watch(told::add)) {
            await().atMost(SOON).until(() -> told.size() == 1 && first != null);
        }
        WorkerDeath outOfMemory = told.get(0);
        assertThat(outOfMemory.worker()).isEqualTo("killed");
        assertThat(outOfMemory.cause().getType()).isEqualTo(CauseType.OOM_KILLED);
        assertThat(outOfMemory.until()).isEqualTo(Instant.parse("2026-01-01T00:00:01Z"));

        delete(deleted);

        List<WorkerDeath> later = new CopyOnWriteArrayList<>();
        try (WorkerPool.Watch second = pool.watch(later::add)) {
            await().atMost(SOON).until(() -> later.size() == 2 && second != null);
        }
        assertThat(later).first().isEqualTo(outOfMemory);
        assertThat(later.get(1).worker()).isEqualTo("deleted");
        assertThat(later.get(1).cause().getType()).isEqualTo(CauseType.POD_FAILED);
        assertThat(later.get(1).until()).isEqualTo(Instant.MAX);
        assertThat(told).hasSize(1);
    }

    @Test
    void whoseOwnPodsWereGoneBeforeAnybodyLookedIsMissingAndNobodyElse() {
        ResourceGroup group = group("default");
        KubernetesPool before = pool(client);
        before.add(group);
        String ours = only("default").getMetadata().getName();
        String lives = ours + "-5d4f8b7c9d-aaaaa";
        String deleted = ours + "-5d4f8b7c9d-bbbbb";
        String never = new PoolManifest(KubernetesSettings.of(settings())).generation(group("other"));
        pod(only("default"), lives);
        delete(pod(only("default"), deleted));
        before.close();
        pools.remove(before);
        KubernetesPool pool = pool(client);
        Set<String> owners = Set.of(
                lives, deleted, never + "-9d-ccccc", "worker-1", "quarry-job-x", "quarry-default-00000000-9d-ddddd");

        assertThat(pool.missing(owners, List.of(group))).singleElement().satisfies(gone -> {
            assertThat(gone.worker()).isEqualTo(deleted);
            assertThat(gone.until()).isBeforeOrEqualTo(Instant.now());
        });
        assertThat(pool.missing(owners, List.of(group, group("other"))))
                .as("a Deployment that was deleted as well")
                .extracting(WorkerDeath::worker)
                .containsExactlyInAnyOrder(deleted, never + "-9d-ccccc");
        assertThat(pool(client, Map.of("launch.image", "quarry:1", "launch.namespace", namespace, "topic.prefix", "b."))
                        .missing(owners, List.of()))
                .as("another installation's")
                .isEmpty();
        KubernetesPool forbidden = pool(server.as(namespace, List.of()));
        assertThatThrownBy(() -> forbidden.missing(owners, List.of(group))).isInstanceOf(PoolException.class);
    }

    @Test
    void twoSchedulersThatScaleAtOnceLoseAndDoubleNothing() throws Exception {
        pool(client).add(group("default"));
        ExecutorService threads = Executors.newFixedThreadPool(2);
        List<KubernetesPool> two = List.of(pool(client), pool(client));
        for (KubernetesPool pool : two) {
            await().atMost(SOON).until(() -> pool.workers("default").size() == 1);
        }
        List<Future<Integer>> both = new ArrayList<>();
        two.forEach(pool -> both.add(threads.submit(() -> addUntilThere(pool, 10))));

        int conflicts = both.get(0).get() + both.get(1).get();

        threads.shutdown();
        assertThat(only("default").getSpec().getReplicas())
                .as("after %s conflicts", conflicts)
                .isEqualTo(21);
    }

    private static int addUntilThere(KubernetesPool pool, int times) {
        int conflicts = 0;
        for (int done = 0; done < times; ) {
            try {
                pool.add(group("default"));
                done++;
            } catch (PoolException e) {
                assertThat(e).hasMessageContaining("at the same time");
                conflicts++;
                Thread.onSpinWait();
            }
        }
        return conflicts;
    }

    @Test
    void oneThatFindsTheDeploymentMadeBySomebodyElseAsksAgain() {
        KubernetesPool pool = pool(client);
        awaitCurrent(pool);
        Deployment foreign = new PoolManifest(KubernetesSettings.of(settings())).of(group("default"));
        foreign.getMetadata().setLabels(Map.of());
        client.apps().deployments().inNamespace(namespace).resource(foreign).create();

        assertThatThrownBy(() -> pool.add(group("default")))
                .isInstanceOf(PoolException.class)
                .hasMessageContaining("already exists");
    }

    @Test
    void whatOthersWriteStaysAndTheNumberIsOurs() {
        KubernetesPool pool = pool(client);
        pool.add(group("default"));
        client.apps()
                .deployments()
                .inNamespace(namespace)
                .withName(only("default").getMetadata().getName())
                .patch(
                        new PatchContext.Builder()
                                .withPatchType(PatchType.SERVER_SIDE_APPLY)
                                .withFieldManager("somebody")
                                .build(),
                        "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\""
                                + only("default").getMetadata().getName()
                                + "\",\"annotations\":{\"team\":\"ours\"}}}");

        pool.add(group("default"));

        Deployment now = only("default");
        assertThat(now.getMetadata().getAnnotations()).containsEntry("team", "ours");
        assertThat(now.getSpec().getReplicas()).isEqualTo(2);
        assertThat(now.getMetadata().getManagedFields())
                .filteredOn(entry -> Serialization.asJson(entry.getFieldsV1()).contains("f:replicas"))
                .extracting(entry -> entry.getManager())
                .containsOnly("quarry-scheduler");
    }

    @Test
    void theLongestNamesAreTaken() {
        KubernetesPool pool = pool(client);
        String long1 = "g".repeat(62) + "1";
        String long2 = "g".repeat(62) + "2";

        pool.add(group(long1));
        pool.add(group(long2));

        assertThat(pool.workers(long1)).hasSize(1);
        assertThat(pool.workers(long2)).hasSize(1);
        assertThat(only(long1).getMetadata().getName()).hasSizeLessThanOrEqualTo(52);
        pod(only(long1), only(long1).getMetadata().getName() + "-5d4f8c7b9-abcde");
    }

    @Test
    void aQuotaIsTheObstacleInTheServersWords() {
        var quota = client.resourceQuotas()
                .inNamespace(namespace)
                .resource(new ResourceQuotaBuilder()
                        .withNewMetadata()
                        .withName("few")
                        .endMetadata()
                        .withNewSpec()
                        .withHard(Map.of("count/deployments.apps", new Quantity("0")))
                        .endSpec()
                        .build())
                .create();
        quota.setStatus(new ResourceQuotaStatusBuilder()
                .withHard(Map.of("count/deployments.apps", new Quantity("0")))
                .withUsed(Map.of("count/deployments.apps", new Quantity("0")))
                .build());
        client.resourceQuotas().inNamespace(namespace).resource(quota).updateStatus();
        KubernetesPool pool = pool(client);
        awaitCurrent(pool);

        assertThatThrownBy(() -> pool.add(group("default")))
                .isInstanceOf(PoolException.class)
                .hasMessageContaining("exceeded quota: few");
    }

    @Test
    void aPodThatMayNotBeMadeOrFindsNoNodeIsTheObstacle() {
        KubernetesPool pool = pool(client);
        pool.add(group("refused"));
        Deployment refused = only("refused");
        refused.setStatus(new DeploymentStatusBuilder()
                .withConditions(new DeploymentConditionBuilder()
                        .withType("ReplicaFailure")
                        .withStatus("True")
                        .withReason("FailedCreate")
                        .withMessage("pods are forbidden: exceeded quota: few")
                        .build())
                .build());
        client.apps().deployments().inNamespace(namespace).resource(refused).updateStatus();
        pool.add(group("homeless"));
        homeless(pod(only("homeless"), "homeless-1"));

        await().atMost(SOON)
                .untilAsserted(() -> assertThat(pool.obstacle(group("refused")))
                        .hasValueSatisfying(why -> assertThat(why).endsWith("exceeded quota: few")));
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(pool.obstacle(group("homeless")))
                        .hasValueSatisfying(why -> assertThat(why).contains("0/1 nodes are available")));
        assertThat(pool.obstacle(group("another"))).isEmpty();
    }

    /** What the cluster's scheduler has said of a pod for two minutes for which no node has room. */
    private void homeless(Pod pod) {
        pod.setStatus(new PodStatusBuilder()
                .withPhase("Pending")
                .withConditions(new PodConditionBuilder()
                        .withType("PodScheduled")
                        .withStatus("False")
                        .withReason("Unschedulable")
                        .withMessage("0/1 nodes are available: 1 Insufficient memory.")
                        .withLastTransitionTime(Instant.now().minusSeconds(120).toString())
                        .build())
                .build());
        client.pods().inNamespace(namespace).resource(pod).updateStatus();
    }

    @Test
    void whatIsInTheWayOfAnEarlierSizeIsNotInTheWayOfTheNextOne() {
        KubernetesPool pool = pool(client);
        pool.add(group("default"));
        homeless(pod(only("default"), "too-large"));
        await().atMost(SOON).until(() -> pool.obstacle(group("default")).isPresent());

        ResourceGroup smaller = ResourceGroup.newBuilder(group("default"))
                .setWorker(new Resources(500L, 1L << 29, 1L << 29))
                .build();
        assertThat(pool.obstacle(smaller)).isEmpty();
    }

    @Test
    void whatTheServerFindsWrongWithAWorkerIsSaidInItsWords() {
        KubernetesPool pool = pool(client);
        awaitCurrent(pool);
        ResourceGroup wrong = ResourceGroup.newBuilder(group("default"))
                .setPriorityClass("No_Such")
                .setServiceAccount("No_Such")
                .build();

        assertThatThrownBy(() -> pool.add(wrong))
                .isInstanceOf(PoolException.class)
                .hasMessageContaining("No_Such")
                .satisfies(refused -> assertThat(refused.getMessage()).doesNotContain("somebody else"));
    }

    @Test
    void anImageThatCannotBePulledIsAFaultWhileNoOtherWorkerIsUp() {
        KubernetesPool pool = pool(client);
        pool.add(group("default"));
        Deployment deployment = only("default");
        Pod pod = pod(deployment, "imageless");
        for (String reason : List.of("ErrImagePull", "ImagePullBackOff")) {
            pod.setStatus(new PodStatusBuilder()
                    .withPhase("Pending")
                    .withContainerStatuses(new ContainerStatusBuilder()
                            .withName("worker")
                            .withImage("quarry")
                            .withImageID("")
                            .withReady(false)
                            .withRestartCount(0)
                            .withNewState()
                            .withNewWaiting("its words change", reason)
                            .endState()
                            .build())
                    .build());
            pod.getMetadata().setResourceVersion(null);
            client.pods().inNamespace(namespace).resource(pod).updateStatus();
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(pool.fault(group("default")))
                            .hasValueSatisfying(why -> assertThat(why)
                                    .startsWith("a worker does not come up: the image ")
                                    .endsWith(" cannot be pulled (ImagePullBackOff)")));
        }
        assertThat(pool.obstacle(group("default"))).isEmpty();

        pod(deployment, "up");
        ready("up", true);
        await().atMost(SOON).until(() -> pool.fault(group("default")).isEmpty());
    }

    @Test
    void aServerThatForbidsIsAskedAgainUntilItAllows() throws Exception {
        KubernetesPool pool = pool(server.as(namespace, List.of()));
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(pool.obstacle(group("default")))
                        .hasValueSatisfying(why -> assertThat(why).contains("forbidden")));
        assertThatThrownBy(() -> pool.add(group("default"))).isInstanceOf(PoolException.class);

        server.grant(namespace, TestApiServer.granted(RIGHTS));

        awaitCurrent(pool);
        pool.add(group("default"));
        assertThat(pool.workers("default")).hasSize(1);
    }

    @Test
    void aDeploymentThatWasDeletedByHandIsMadeAgain() {
        KubernetesPool pool = pool(client);
        pool.add(group("default"));
        client.apps()
                .deployments()
                .inNamespace(namespace)
                .withName(only("default").getMetadata().getName())
                .delete();
        await().atMost(SOON).until(() -> pool.workers("default").isEmpty());

        pool.add(group("default"));

        assertThat(only("default").getSpec().getReplicas()).isEqualTo(1);
    }

    @Test
    void theRightsOfThePoolSufficeAndNoneOfThemCanGo() throws Exception {
        List<PolicyRule> granted = TestApiServer.granted(RIGHTS);
        assertThat(course(granted, SOON)).as("with all that is granted").isEmpty();
        for (int i = 0; i < granted.size(); i++) {
            List<PolicyRule> less = new ArrayList<>(granted);
            PolicyRule gone = less.remove(i);
            assertThat(course(less, Duration.ofSeconds(3)))
                    .as("without %s of %s", gone.getVerbs(), gone.getResources())
                    .isNotEmpty();
        }
    }

    // ---- what the pool does in the course of its life, each verb at least once

    /** What stopped it; empty for nothing. */
    private String course(List<PolicyRule> rules, Duration patience) {
        String name = "g" + UUID.randomUUID().toString().substring(0, 8);
        try (KubernetesPool pool = new KubernetesPool(
                server.as(namespace, rules), KubernetesSettings.of(settings()), InstantSource.system())) {
            await().atMost(patience).until(() -> pool.obstacle(group(name)).isEmpty());
            pool.add(group(name));
            pool.add(group(name));
            Deployment deployment = only(name);
            Pod one = drained(deployment, name + "-1");
            pod(deployment, name + "-2");
            await().atMost(patience)
                    .until(() -> pool.workers(name).stream()
                            .noneMatch(worker -> worker.name().contains("/")));
            await().atMost(patience).until(() -> {
                pool.remove(name, name + "-1");
                return only(name).getSpec().getReplicas() == 1;
            });
            delete(one);
            await().atMost(patience).until(() -> pool.workers(name).size() == 1);
            ready(name + "-2", false);
            await().atMost(patience).until(() -> {
                pool.remove(name, name + "-2");
                return deployments(name).isEmpty();
            });
            return deployments(name).isEmpty() && budgets().isEmpty() ? "" : "something is left";
        } catch (PoolException | ConditionTimeoutException e) {
            return String.valueOf(e.getMessage());
        } finally {
            client.apps().deployments().inNamespace(namespace).delete();
            client.policy()
                    .v1beta1()
                    .podDisruptionBudget()
                    .inNamespace(namespace)
                    .delete();
            client.pods().inNamespace(namespace).withGracePeriod(0).delete();
        }
    }

    // ---- small things

    private Map<String, String> settings() {
        return Map.of("launch.image", "quarry:1", "launch.namespace", namespace);
    }

    private KubernetesPool pool(KubernetesClient as) {
        return pool(as, settings());
    }

    private KubernetesPool pool(KubernetesClient as, Map<String, String> settings) {
        // A client that is closed with the pool must not be the tests' own.
        KubernetesClient own = as == client
                ? new KubernetesClientBuilder()
                        .withConfig(client.getConfiguration())
                        .build()
                : as;
        KubernetesPool pool = new KubernetesPool(own, KubernetesSettings.of(settings), InstantSource.system());
        pools.add(pool);
        if (as == client) {
            awaitCurrent(pool);
        }
        return pool;
    }

    private static void awaitCurrent(KubernetesPool pool) {
        await().atMost(SOON).until(() -> pool.obstacle(group("nobody")).isEmpty());
    }

    private static ResourceGroup group(String name) {
        return ResourceGroup.newBuilder()
                .setName(name)
                .setWorker(new Resources(1000L, 1L << 30, 1L << 30))
                .setMaxWorkers(30)
                .build();
    }

    private Deployment only(String group) {
        List<Deployment> all = deployments(group);
        assertThat(all).hasSize(1);
        return all.get(0);
    }

    private List<Deployment> deployments(String group) {
        return client
                .apps()
                .deployments()
                .inNamespace(namespace)
                .withLabel("quarry.io/group", group)
                .list()
                .getItems()
                .stream()
                .toList();
    }

    private List<String> budgets() {
        return client.policy().v1beta1().podDisruptionBudget().inNamespace(namespace).list().getItems().stream()
                .map(each -> each.getMetadata().getName())
                .toList();
    }

    /** A pod as a controller would make it, one that takes jobs. */
    private Pod pod(Deployment of, String name) {
        Pod unused = drained(of, name);
        return ready(name, true);
    }

    /** One that runs and is not ready. */
    private Pod drained(Deployment of, String name) {
        Pod made = client.pods()
                .inNamespace(namespace)
                .resource(new PodBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .withLabels(of.getSpec().getTemplate().getMetadata().getLabels())
                        .endMetadata()
                        .withSpec(of.getSpec().getTemplate().getSpec())
                        .build())
                .create();
        made.setStatus(new PodStatusBuilder().withPhase("Running").build());
        return client.pods().inNamespace(namespace).resource(made).updateStatus();
    }

    private Pod ready(String name, boolean ready) {
        return client.pods()
                .inNamespace(namespace)
                .withName(name)
                .editStatus(pod -> new PodBuilder(pod)
                        .editStatus()
                        .withConditions(new PodConditionBuilder()
                                .withType("Ready")
                                .withStatus(ready ? "True" : "False")
                                .build())
                        .endStatus()
                        .build());
    }

    private static void awaitBegun(KubernetesPool pool, String... names) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(pool.workers("default"))
                        .filteredOn(PoolWorker::begun)
                        .extracting(PoolWorker::name)
                        .containsExactlyInAnyOrder(names));
    }

    private void delete(Pod pod) {
        client.pods()
                .inNamespace(namespace)
                .withName(pod.getMetadata().getName())
                .withGracePeriod(0)
                .delete();
    }

    private static void awaitWorkers(KubernetesPool pool, String group, String... names) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(pool.workers(group))
                        .extracting(PoolWorker::name)
                        .containsExactlyInAnyOrder(names));
    }
}
