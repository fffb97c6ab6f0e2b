package io.quarry.local.helm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.rbac.Role;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The chart as helm renders it; what a real API server says of it, ChartKT asks. */
class ChartTest {
    @Test
    void helmFindsNothingToSay() {
        LintResult lint = new Helm(Chart.PLACE).lint().strict().call();

        assertThat(lint.isFailed()).as("%s", lint.getMessages()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "scheduler.replica, 2, replica",
        "scheduler.replicas, 0, replicas",
        "scheduler.replicas, many, replicas",
        "kafka.securityProtocol, TLS, securityProtocol",
        "kafka.bootstrapServers, kafka, bootstrapServers",
        "registry.url, registry:8081, url",
        "image.pullPolicy, Sometimes, pullPolicy",
        "datasets.size, 4 GB, size",
        "datasets.claim, My_Claim, claim",
        "settingsSecret, My_Secret, settingsSecret",
        "serviceAccounts.scheduler.name, Some_Body, name",
        "image.repository, a b, repository",
        "image.tag, a b, tag",
        "broker.host, http://broker, host",
        "scheduler.priorityClassName, High!, priorityClassName",
        "scheduler.resources.limits.memory, 1GiB, memory",
        "scheduler.resources.requests.memry, 1Gi, memry",
        "broker.resources.limits.cpu, much, cpu",
        "kafka.sasl.mechanism, PLAIN, 'kafka.securityProtocol is PLAINTEXT, with which kafka.sasl would not be used'",
    })
    void aWrongValueIsRefusedByName(String name, String value, String named) {
        Map<String, String> values = new HashMap<>(Chart.LEAST);
        values.put(name, value);

        assertThatThrownBy(() -> Chart.render(values)).hasMessageContaining(named);
    }

    @Test
    void whatHasNoDefaultIsAskedForWithWhatItIs() {
        assertThatThrownBy(() -> Chart.render(Map.of()))
                .hasMessageContaining("kafka.bootstrapServers is not set: it names the Kafka brokers, as host:port");
    }

    @Test
    void brokerAndRegistryAreReachedAsTheValuesSay() throws Exception {
        Map<String, String> values = new HashMap<>(Chart.LEAST);
        values.put("kafka.securityProtocol", "SASL_SSL");
        values.put("kafka.sasl.mechanism", "SCRAM-SHA-512");
        values.put("kafka.sasl.username", "quarry");
        values.put("kafka.sasl.password", "a\"b\\\\c");
        values.put("kafka.tls.ca", "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----");
        values.put("registry.username", "reg");
        values.put("registry.password", "pw");
        values.put("scheduler.settings.lease\\.ticks", "60");

        Map<String, String> data =
                Chart.objects(Chart.render(values), Secret.class).get(0).getStringData();

        Properties worker = new Properties();
        worker.load(new StringReader(data.get("worker.properties")));
        assertThat(worker)
                .containsEntry("bootstrap.servers", "kafka:9092")
                .containsEntry("security.protocol", "SASL_SSL")
                .containsEntry("sasl.mechanism", "SCRAM-SHA-512")
                .containsEntry(
                        "sasl.jaas.config",
                        "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"quarry\""
                                + " password=\"a\\\"b\\\\\\\\c\";")
                .containsEntry("ssl.truststore.type", "PEM")
                .containsEntry("ssl.truststore.location", "/etc/quarry/kafka-ca.pem")
                .containsEntry("basic.auth.user.info", "reg:pw")
                .containsEntry("topic.prefix", "quarry.");
        Properties scheduler = new Properties();
        scheduler.load(new StringReader(data.get("scheduler.properties")));
        assertThat(scheduler).containsEntry("lease.ticks", "60").containsEntry("replication.factor", "3");
        assertThat(data.get("kafka-ca.pem")).startsWith("-----BEGIN CERTIFICATE-----\nMII\n");
    }

    private static String rendered(Path values) {
        return new Helm(Chart.PLACE)
                .template()
                .withName("quarry")
                .withNamespace("jobs")
                .withValuesFile(values)
                .call();
    }

    @Test
    void aLargeNumberAmongTheSettingsIsWrittenInFull(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("values.yaml"), """
                kafka: {bootstrapServers: "kafka:9092"}
                registry: {url: "http://registry:8081"}
                scheduler: {settings: {worker.memory.bytes: 17179869184}}
                workers: {settings: {engine.memory.share: 0.85, worker.heartbeat.ms: 500}}
                """);

        String yaml = rendered(file);

        Map<String, String> data = Chart.objects(yaml, Secret.class).get(0).getStringData();
        assertThat(data.get("scheduler.properties")).contains("worker.memory.bytes=17179869184");
        assertThat(data.get("worker.properties")).contains("engine.memory.share=0.85", "worker.heartbeat.ms=500");
    }

    /** Certificates have lines, passwords whatever their makers think of. */
    @Test
    void aTextAmongTheSettingsArrivesAsItIs(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("values.yaml"), """
                kafka:
                  bootstrapServers: "kafka:9092"
                  properties:
                    ssl.key.password: 'a\\b'
                    ssl.truststore.certificates: |-
                      -----BEGIN CERTIFICATE-----
                      MII
                      -----END CERTIFICATE-----
                registry: {url: "http://registry:8081"}
                """);

        String yaml = rendered(file);

        Properties worker = new Properties();
        worker.load(new StringReader(
                Chart.objects(yaml, Secret.class).get(0).getStringData().get("worker.properties")));
        assertThat(worker)
                .containsEntry("ssl.key.password", "a\\b")
                .containsEntry(
                        "ssl.truststore.certificates", "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----");
    }

    @Test
    void everyPodIsRestrictedAndSaysWhatItNeeds() {
        String yaml = Chart.render(Map.of("broker.enabled", "true"));
        Stream<PodSpec> pods = Stream.concat(
                Chart.objects(yaml, Deployment.class).stream()
                        .map(each -> each.getSpec().getTemplate().getSpec()),
                Chart.objects(yaml, StatefulSet.class).stream()
                        .map(each -> each.getSpec().getTemplate().getSpec()));

        assertThat(pods).hasSize(2).allSatisfy(pod -> {
            assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
            assertThat(pod.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
            for (Container container : pod.getContainers()) {
                assertThat(container.getSecurityContext().getReadOnlyRootFilesystem())
                        .isTrue();
                assertThat(container.getSecurityContext().getAllowPrivilegeEscalation())
                        .isFalse();
                assertThat(container.getSecurityContext().getCapabilities().getDrop())
                        .containsExactly("ALL");
                assertThat(container.getReadinessProbe()).isNotNull();
                assertThat(container.getResources().getRequests()).containsKeys("cpu", "memory");
            }
        });
    }

    @Test
    void onlyTheSchedulerHasRightsAndOnlyThoseOfWhatIsSwitchedOn() {
        Map<String, String> values = new HashMap<>(Chart.LEAST);
        values.put("launcher.enabled", "false");
        values.put("pool.enabled", "false");
        assertThat(Chart.objects(Chart.render(values), Role.class)).isEmpty();
        values.put("launcher.enabled", "true");
        String launcher = Chart.render(values);
        assertThat(Chart.objects(launcher, Role.class).get(0).getRules())
                .allSatisfy(rule -> assertThat(rule.getResources()).doesNotContain("deployments"));

        assertThat(Chart.objects(launcher, ServiceAccount.class))
                .allSatisfy(account ->
                        assertThat(account.getAutomountServiceAccountToken()).isFalse());
    }

    @Test
    void anotherSettingOfWorkersReplacesThemAndAnotherOneOfTheSchedulerDoesNot() {
        Map<String, String> values = new HashMap<>(Chart.LEAST);
        String before = revision(values);
        values.put("scheduler.settings.lease\\.ticks", "60");
        assertThat(revision(values)).isEqualTo(before);
        values.put("workers.settings.worker\\.heartbeat\\.ms", "1000");
        assertThat(revision(values)).isNotEqualTo(before);
    }

    @Test
    void aSecretOfOnesOwnTakesThePlaceOfWhatTheValuesSay() {
        String yaml = Chart.render(Map.of("settingsSecret", "ours", "settingsRevision", "r7"));

        assertThat(Chart.objects(yaml, Secret.class)).isEmpty();
        assertThat(yaml).contains("launch.settings.secret=ours", "launch.settings.revision=r7", "secretName: ours");
    }

    @Test
    void serviceMonitorAndClaimAreThereWhenTheyAreAskedFor() {
        Map<String, String> values = new HashMap<>(Chart.LEAST);
        assertThat(kinds(values)).doesNotContain("ServiceMonitor", "PersistentVolumeClaim", "StatefulSet");
        values.put("metrics.serviceMonitor.enabled", "true");
        values.put("datasets.create", "true");
        assertThat(kinds(values))
                .contains("ServiceMonitor", "PersistentVolumeClaim", "NetworkPolicy", "PodDisruptionBudget");
    }

    private static Stream<String> kinds(Map<String, String> values) {
        return Chart.objects(Chart.render(values)).stream().map(HasMetadata::getKind);
    }

    private static String revision(Map<String, String> values) {
        return Chart.render(values)
                .lines()
                .filter(line -> line.contains("launch.settings.revision="))
                .findFirst()
                .orElseThrow();
    }
}
