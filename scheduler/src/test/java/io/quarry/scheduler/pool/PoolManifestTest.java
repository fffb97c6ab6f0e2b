package io.quarry.scheduler.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.SpillVolume;
import io.quarry.scheduler.pods.KubernetesSettings;
import io.quarry.schemas.GroupRules;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PoolManifestTest {
    private final PoolManifest manifest = manifest(Map.of());

    @Test
    void aWorkerIsOfTheGroupsSizeAndRestricted() {
        PodSpec pod = manifest.of(group().build()).getSpec().getTemplate().getSpec();

        var container = pod.getContainers().get(0);
        assertThat(container.getResources().getLimits())
                .isEqualTo(container.getResources().getRequests())
                .containsEntry("cpu", new Quantity("8"))
                .containsEntry("memory", new Quantity("16Gi"))
                .containsEntry("ephemeral-storage", new Quantity("100Gi"));
        assertThat(container.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
        assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
        assertThat(pod.getAutomountServiceAccountToken()).isFalse();
        assertThat(container.getArgs())
                .contains("resource.group=default", "worker.name=$(QUARRY_POD_NAME)", "worker.on.stop=finish");
    }

    @Test
    void nobodyTakesABusyWorkerAwayForTheSakeOfANode() {
        assertThat(manifest.of(group().build())
                        .getSpec()
                        .getTemplate()
                        .getMetadata()
                        .getAnnotations())
                .containsEntry("cluster-autoscaler.kubernetes.io/safe-to-evict", "false")
                .containsEntry("karpenter.sh/do-not-disrupt", "true");
    }

    @Test
    void itMayFinishItsJobForAsLongAsAJobMayRun() {
        assertThat(grace(group())).isEqualTo(Duration.ofHours(24).plusMinutes(1).toSeconds());
        assertThat(grace(group().setMaxRunMs(Duration.ofHours(2).toMillis())))
                .isEqualTo(Duration.ofHours(2).plusMinutes(1).toSeconds());
        assertThat(grace(group().setMaxRunMs(Duration.ofHours(2).toMillis())
                        .setDrainMs(Duration.ofMinutes(5).toMillis())))
                .isEqualTo(Duration.ofMinutes(6).toSeconds());
    }

    @Test
    void anotherShapeImageOrRevisionIsAnotherGenerationAndItsNumbersAreNot() {
        String now = manifest.generation(group().build());

        assertThat(manifest.generation(
                        group().setMaxWorkers(99).setMinWorkers(7).build()))
                .isEqualTo(now);
        assertThat(manifest.generation(group().setImage("other:1").build())).isNotEqualTo(now);
        assertThat(manifest(Map.of("launch.image", "quarry:2")).generation(group().build()))
                .isNotEqualTo(now);
        assertThat(manifest(Map.of("launch.settings.revision", "2")).generation(group().build()))
                .isNotEqualTo(now);
        assertThat(manifest(Map.of("launch.ttl.seconds", "5")).generation(group().build()))
                .as("which workers have nothing to do with")
                .isEqualTo(now);
    }

    @Test
    void whatAnEarlierSettingMadeIsOfAnotherShapeThanAnyRow() {
        Deployment made = manifest.of(group().build());

        assertThat(manifest.shape(made)).isEqualTo(Shape.of(group().build()));
        assertThat(manifest(Map.of("launch.image", "quarry:2")).shape(made)).isNotEqualTo(Shape.of(group().build()));
    }

    @Test
    void aNameThatTheClusterMadeUpForItsPodIsKnown() {
        String ours = manifest.generation(group().build());
        String longest = manifest.generation(group().setName("a".repeat(80)).build());
        Set<String> deployments = Set.of(ours, longest, "another");

        assertThat(List.of(ours + "-5d4f8b7c9d-x2x9z", ours + "-9d-x2x9z"))
                .allMatch(name -> PoolManifest.isPodOfAny(name, deployments));
        assertThat(List.of(
                        ours,
                        ours + "-1",
                        ours + "-byhand",
                        ours + "-5d4f8b7c9d-x2x9z-more",
                        "quarry-default-00000000-5d4f8b7c9d-x2x9z",
                        "quarry-job-5d4f8b7c9d-x2x9z",
                        "worker-1"))
                .noneMatch(name -> PoolManifest.isPodOfAny(name, deployments));
        String cut = (longest + "-5d4f8b7c9d-").substring(0, 58) + "x2x9z";
        assertThat(PoolManifest.isPodOfAny(cut, deployments)).isTrue();
        assertThat(PoolManifest.isPodOfAny(cut + "9", deployments)).isFalse();
    }

    @Test
    void spillGoesWhereTheGroupSays() {
        ResourceGroup.Builder ephemeral = group().setSpillVolume(new SpillVolume("ephemeral", "fast-ssd", null));
        assertThat(manifest.of(ephemeral.build())
                        .getSpec()
                        .getTemplate()
                        .getSpec()
                        .getVolumes())
                .filteredOn(volume -> volume.getName().equals("scratch"))
                .extracting(volume ->
                        volume.getEphemeral().getVolumeClaimTemplate().getSpec().getStorageClassName())
                .containsExactly("fast-ssd");
    }

    /** Its name is its worker's and its uid is its claim's: of two of a name the group's would count. */
    @Test
    void noVariableOfAGroupTakesThePlaceOfOneThatItsPodsAreStartedWith() {
        List<EnvVar> own = manifest.of(group().build())
                .getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .get(0)
                .getEnv();

        assertThat(own)
                .isNotEmpty()
                .extracting(EnvVar::getName)
                .allSatisfy(name -> assertThat(GroupRules.check(
                                group().setEnvironment(Map.of(name, "x")).build()))
                        .as(name)
                        .isNotEmpty());
    }

    private long grace(ResourceGroup.Builder group) {
        return manifest.of(group.build()).getSpec().getTemplate().getSpec().getTerminationGracePeriodSeconds();
    }

    private static ResourceGroup.Builder group() {
        return ResourceGroup.newBuilder().setName("default").setWorker(new Resources(8000L, 16L << 30, 100L << 30));
    }

    private static PoolManifest manifest(Map<String, String> other) {
        Map<String, String> settings = new java.util.HashMap<>(Map.of("launch.image", "quarry:1"));
        settings.putAll(other);
        return new PoolManifest(KubernetesSettings.of(settings));
    }
}
