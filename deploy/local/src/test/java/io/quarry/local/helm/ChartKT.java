package io.quarry.local.helm;

import static org.assertj.core.api.Assertions.assertThat;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.InstallCommand;
import com.marcnuri.helm.UpgradeCommand;
import io.fabric8.kubeapitest.KubeAPIServer;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** The chart, installed by helm on a real API server, which checks every object; it has no controllers that would start pods. */
@EnabledIfEnvironmentVariable(
        named = "KUBE_API_TEST_DIR",
        matches = ".+",
        disabledReason = "needs kube-apiserver and etcd: KUBE_API_TEST_DIR names their place")
class ChartKT {
    private static KubeAPIServer server;
    private static KubernetesClient client;

    @BeforeAll
    static void startServer() {
        server = new KubeAPIServer();
        server.start();
        client = new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(server.getKubeConfigYaml()))
                .build();
    }

    @AfterAll
    static void stopServer() {
        client.close();
        server.stop();
    }

    @Test
    void itInstallsUpgradesAndGoesWithoutAnythingLeft() {
        install("small", Chart.LEAST);
        assertThat(deployments("small")).containsExactly("quarry-scheduler");
        UpgradeCommand upgrade = new Helm(Chart.PLACE)
                .upgrade()
                .withKubeConfigContents(server.getKubeConfigYaml())
                .withName("quarry")
                .withNamespace("small");
        Chart.LEAST.forEach(upgrade::set);
        upgrade.set("scheduler.replicas", "3").call();
        assertThat(client.apps()
                        .deployments()
                        .inNamespace("small")
                        .withName("quarry-scheduler")
                        .get()
                        .getSpec()
                        .getReplicas())
                .isEqualTo(3);

        Helm.uninstall("quarry")
                .withKubeConfigContents(server.getKubeConfigYaml())
                .withNamespace("small")
                .call();

        assertThat(deployments("small")).isEmpty();
        assertThat(client.rbac().roles().inNamespace("small").list().getItems()).isEmpty();
        assertThat(client.network()
                        .networkPolicies()
                        .inNamespace("small")
                        .list()
                        .getItems())
                .isEmpty();
    }

    @Test
    void everythingThatCanBeSwitchedOnIsTakenByTheServer() {
        install("large", Map.of("broker.enabled", "true", "datasets.create", "true", "catalog", "sources: []"));

        assertThat(client.apps()
                        .statefulSets()
                        .inNamespace("large")
                        .withName("quarry-broker")
                        .get())
                .isNotNull();
        assertThat(client.policy()
                        .v1beta1()
                        .podDisruptionBudget()
                        .inNamespace("large")
                        .withName("quarry-scheduler")
                        .get())
                .as("in the version that this server has")
                .isNotNull();
    }

    @Test
    void theRoleGrantsWhatOurCodeUsesAndNothingElse() throws Exception {
        install("rights", Chart.LEAST);

        List<PolicyRule> granted = client.rbac()
                .roles()
                .inNamespace("rights")
                .withName("quarry-scheduler")
                .get()
                .getRules();

        List<PolicyRule> used = new ArrayList<>();
        for (String file : List.of("launcher.yaml", "pool.yaml")) {
            // Each of these is tried with every verb taken away, by the tests of the code that needs it.
            String rules = Files.readString(Chart.PLACE.resolve(Path.of("rbac", file)));
            used.addAll(Arrays.asList(Serialization.unmarshal(rules, PolicyRule[].class)));
        }
        assertThat(granted).containsExactlyElementsOf(used);
        assertThat(client.rbac().clusterRoles().list().getItems())
                .noneMatch(role -> role.getMetadata().getName().contains("quarry"));
    }

    private static void install(String namespace, Map<String, String> values) {
        InstallCommand install = new Helm(Chart.PLACE)
                .install()
                .withKubeConfigContents(server.getKubeConfigYaml())
                .withName("quarry")
                .withNamespace(namespace)
                .createNamespace();
        values.forEach(install::set);
        install.call();
    }

    private static List<String> deployments(String namespace) {
        return client.apps().deployments().inNamespace(namespace).list().getItems().stream()
                .map(each -> each.getMetadata().getName())
                .toList();
    }
}
