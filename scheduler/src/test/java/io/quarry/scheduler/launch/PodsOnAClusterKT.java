package io.quarry.scheduler.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.quarry.avro.CauseType;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.Source;
import io.quarry.scheduler.pods.KubernetesSettings;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** Pods that end in the ways of a real cluster: its scheduler, its kubelet and the kernel say what is to be understood here. */
@EnabledIfEnvironmentVariable(
        named = "QUARRY_CLUSTER_IMAGE",
        matches = ".+",
        disabledReason = "needs a cluster (KUBECONFIG) that has our image, named by QUARRY_CLUSTER_IMAGE")
class PodsOnAClusterKT {
    private static final Duration SOON = Duration.ofMinutes(3);
    private static final long MI = 1L << 20;

    private static final List<JobEvent> NEWS = new CopyOnWriteArrayList<>();
    private static final String NAMESPACE = "quarry-" + UUID.randomUUID();

    private static KubernetesClient client;
    private static KubernetesPlatform platform;

    @BeforeAll
    static void begin() {
        client = new KubernetesClientBuilder().build();
        client.namespaces()
                .resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(NAMESPACE)
                        .endMetadata()
                        .build())
                .create();
        client.secrets()
                .inNamespace(NAMESPACE)
                .resource(new SecretBuilder()
                        .withNewMetadata()
                        .withName("quarry-worker")
                        .endMetadata()
                        .withStringData(Map.of("worker.properties", """
                                bootstrap.servers=127.0.0.1:1
                                schema.registry.url=http://127.0.0.1:1
                                worker.datasets.dir=/tmp/datasets
                                """))
                        .build())
                .create();
        platform = new KubernetesPlatform(
                new KubernetesClientBuilder().build(),
                KubernetesSettings.of(
                        Map.of("launch.image", System.getenv("QUARRY_CLUSTER_IMAGE"), "launch.namespace", NAMESPACE)),
                InstantSource.system());
        platform.watch(NEWS::add);
    }

    @AfterAll
    static void end() {
        platform.close();
        client.namespaces().withName(NAMESPACE).delete();
        client.close();
    }

    @Test
    void anImpossibleSizeWaitsWithTheSchedulersWordsAndIsRemovedWhenNobodyWaits() throws Exception {
        Launch launch = launch("giant", 900L << 30, Map.of(), null);
        platform.start(launch);

        JobEvent said = awaitNews("giant");

        assertThat(said.getType()).isEqualTo(JobEventType.WAITING);
        assertThat(said.getReason())
                .startsWith("Unschedulable: 0/1 nodes are available")
                .contains("memory");
        platform.end(launch.key(), "enough");
        await().atMost(SOON)
                .until(() -> platform.pods().stream().noneMatch(pod -> pod.key().equals(launch.key())));
    }

    @Test
    void aProcessThatExceedsItsMemoryIsOomKilled() {
        platform.start(launch(
                "hungry",
                64 * MI,
                Map.of("QUARRY_HEAP", "512m", "QUARRY_JAVA_OPTIONS", "-Xms512m -XX:+AlwaysPreTouch"),
                null));

        JobEvent said = awaitNews("hungry");

        assertThat(said.getType()).isEqualTo(JobEventType.POD_FAILED);
        assertThat(said.getCause().getType()).isEqualTo(CauseType.OOM_KILLED);
        assertThat(said.getCause().getEvidence())
                .containsEntry("limit_bytes", String.valueOf(64 * MI))
                .containsKeys("node", "pod", "exit_code");
    }

    @Test
    void aProcessThatCannotStartSaysSoByItsExitCode() {
        platform.start(launch("wrong", 300 * MI, Map.of("QUARRY_HEAP", "64m"), null, "Kein_Name"));

        JobEvent said = awaitNews("wrong");

        assertThat(said.getCause().getMessage())
                .isEqualTo("The process could not start with its settings: see its log.");
        assertThat(said.getCause().getEvidence()).containsEntry("exit_code", "2");
    }

    @Test
    void anImageThatIsNotThereMakesTheJobWait() {
        platform.start(launch("imageless", 64 * MI, Map.of(), "quarry-nowhere:1"));

        JobEvent said = awaitNews("imageless");

        assertThat(said.getType()).isEqualTo(JobEventType.WAITING);
        assertThat(said.getReason()).startsWith("The image quarry-nowhere:1 cannot be pulled: ErrImage");
    }

    private static JobEvent awaitNews(String job) {
        return await().atMost(SOON)
                .until(
                        () -> NEWS.stream()
                                .filter(event -> event.getJobId().equals(job))
                                .toList(),
                        told -> !told.isEmpty())
                .get(0);
    }

    private static Launch launch(String job, long memory, Map<String, String> environment, @Nullable String image) {
        return launch(job, memory, environment, image, "default");
    }

    private static Launch launch(
            String job, long memory, Map<String, String> environment, @Nullable String image, String group) {
        return new Launch(
                new Launch.Key(job, 1),
                ResourceGroup.newBuilder()
                        .setName(group)
                        .setWorker(new Resources(100L, 64 * MI, 64 * MI))
                        .setEnvironment(environment)
                        .setImage(image)
                        .setImagePullPolicy(image == null ? null : "Never")
                        .build(),
                new Resources(100L, memory, 128 * MI),
                new Source("quarry.jobs.oversize", 0L),
                Duration.ofMinutes(1));
    }
}
