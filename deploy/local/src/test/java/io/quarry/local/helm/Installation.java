package io.quarry.local.helm;

import static org.awaitility.Awaitility.await;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.Release;
import com.marcnuri.helm.UpgradeCommand;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.quarry.client.QuarryClient;
import io.quarry.local.broker.Door;
import io.quarry.local.broker.LocalBroker;
import io.quarry.local.cli.CommandRun;
import io.quarry.local.registry.RegistryServer;
import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.ProvisionSettings;
import io.quarry.schemas.provision.TopicProvisioner;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Assumptions;

/**
 * The chart with our image on a real cluster, in a namespace of its own; broker and registry are in this JVM. {@code
 * QUARRY_CLUSTER_IMAGE} names the image, {@code QUARRY_CLUSTER_LOAD} a command that has to be run before the cluster has it, and
 * {@code QUARRY_CLUSTER_HOST} this machine as pods see it, where that is not the address from which the API server is reached.
 */
final class Installation implements AutoCloseable {
    static final String IMAGE = "QUARRY_CLUSTER_IMAGE";

    private static final Path ROOT = Path.of("..", "..");
    private static final int LOAD_MINUTES = 5;

    private final Path directory;
    private final String host;
    private final int port;
    private final LocalBroker broker;
    private final RegistryServer registry;
    private final KubernetesClient cluster = new KubernetesClientBuilder().build();
    private final String namespace = "quarry-" + UUID.randomUUID().toString().substring(0, 8);
    private final QuarryClient client;

    private Installation(Path directory, String host) throws IOException, InterruptedException, ExecutionException {
        this.directory = directory;
        this.host = host;
        this.port = freePort();
        this.broker = LocalBroker.start(directory.resolve("kafka"), 0, List.of(Door.toOthers(host, port)));
        this.registry = RegistryServer.start(
                Map.of("bootstrap.servers", broker.bootstrapServers()), new InetSocketAddress(0), 1);
        Map<String, String> connection =
                Map.of("bootstrap.servers", broker.bootstrapServers(), "schema.registry.url", registry.url());
        Map<String, String> small = new HashMap<>(connection);
        small.putAll(Map.of("replication.factor", "1", "job.events.partitions", "1"));
        try (Admin admin = Admin.create(new HashMap<>(connection))) {
            TopicProvisioner.of(admin, Topics.withDefaultPrefix(), ProvisionSettings.of(small))
                    .provision();
        }
        this.client = QuarryClient.connect(connection);
    }

    /** Begins with broker, registry and topics, so that there may be groups before anything runs; the test is skipped where it cannot be. */
    static Installation begin(Path directory) throws IOException, InterruptedException, ExecutionException {
        load(directory);
        return new Installation(directory, host());
    }

    private static void load(Path directory) throws IOException, InterruptedException {
        String command = System.getenv("QUARRY_CLUSTER_LOAD");
        if (command == null) {
            return;
        }
        Path log = directory.resolve("load.log");
        Process load = new ProcessBuilder("sh", "-c", command)
                .directory(ROOT.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        boolean ended = load.waitFor(LOAD_MINUTES, TimeUnit.MINUTES);
        load.destroy();
        Assumptions.assumeTrue(
                ended && load.exitValue() == 0,
                () -> "needs the image on the cluster, and QUARRY_CLUSTER_LOAD failed: " + lastLine(log));
    }

    private static String lastLine(Path log) {
        try {
            return Files.readAllLines(log).stream()
                    .filter(line -> !line.isBlank())
                    .reduce((earlier, last) -> last)
                    .orElse("it said nothing");
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static String host() {
        try (KubernetesClient asked = new KubernetesClientBuilder().build()) {
            URI server = asked.getMasterUrl().toURI();
            try (Socket socket = new Socket(server.getHost(), server.getPort() < 0 ? 443 : server.getPort())) {
                String told = System.getenv("QUARRY_CLUSTER_HOST");
                return told == null ? socket.getLocalAddress().getHostAddress() : told;
            }
        } catch (IOException | URISyntaxException e) {
            return Assumptions.abort("needs a cluster that answers, and that of KUBECONFIG does not: " + e);
        }
    }

    /** Installs the chart with these values beside those that say where everything is. */
    void install(String values) throws IOException {
        makeNamespace();
        String image = image();
        Path file = Files.writeString(
                directory.resolve("values.yaml"),
                """
                image: {repository: %s, tag: %s}
                replicationFactor: 1
                kafka: {bootstrapServers: "%s:%d"}
                registry: {url: "http://%s:%d"}
                """.formatted(
                                        image.substring(0, image.lastIndexOf(':')),
                                        image.substring(image.lastIndexOf(':') + 1),
                                        host,
                                        port,
                                        host,
                                        registry.port())
                        + values);
        Release unused = new Helm(Chart.PLACE)
                .install()
                .withName("quarry")
                .withNamespace(namespace)
                .withKubeConfig(kubeConfig())
                .withValuesFile(file)
                .call();
    }

    private void makeNamespace() {
        var unused = cluster.namespaces()
                .resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(namespace)
                        .endMetadata()
                        .build())
                .create();
    }

    /** Goes on with another image, as an upgrade does. */
    void upgrade(String repository) {
        UpgradeCommand upgrade = new Helm(Chart.PLACE)
                .upgrade()
                .withName("quarry")
                .withNamespace(namespace)
                .withKubeConfig(kubeConfig())
                .reuseValues();
        var unused = upgrade.set("image.repository", repository).call();
    }

    QuarryClient client() {
        return client;
    }

    /** The image's name, tag included. */
    static String image() {
        String name = System.getenv(IMAGE);
        return name.indexOf(':', name.lastIndexOf('/') + 1) < 0 ? name + ":latest" : name;
    }

    /** Runs a command that has to succeed. */
    void quarry(String input, String... words) {
        CommandRun run = CommandRun.of(
                directory,
                Map.of(
                        "QUARRY_BOOTSTRAP_SERVERS", broker.bootstrapServers(),
                        "QUARRY_REGISTRY_URL", registry.url()),
                input,
                words);
        if (run.code() != 0) {
            throw new IllegalStateException(run.err());
        }
    }

    /** Pods of one kind that nobody has told to go. */
    List<Pod> pods(String component) {
        return all(component).stream()
                .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
                .toList();
    }

    private List<Pod> all(String component) {
        return cluster.pods()
                .inNamespace(namespace)
                .withLabel("app.kubernetes.io/component", component)
                .list()
                .getItems();
    }

    void delete(String pod) {
        var unused = cluster.pods().inNamespace(namespace).withName(pod).delete();
    }

    /** Takes a pod away at once, without a word to its process first. */
    void kill(String pod) {
        var unused = cluster.pods()
                .inNamespace(namespace)
                .withName(pod)
                .withGracePeriod(0)
                .delete();
    }

    /** So many schedulers, or none; ends once those too many have gone. */
    void schedulers(int number) {
        var unused = cluster.apps()
                .deployments()
                .inNamespace(namespace)
                .withName("quarry-scheduler")
                .scale(number);
        await().atMost(Duration.ofMinutes(2)).until(() -> all("scheduler").size() <= number);
    }

    /** Asks for an eviction, as a drain of its node does; false when a budget forbids it for now. */
    boolean evict(String pod) {
        return cluster.pods().inNamespace(namespace).withName(pod).evict();
    }

    /** Nodes take no new pods, or take them again. */
    void cordon(boolean off) {
        cluster.nodes().list().getItems().forEach(node -> {
            var unused = cluster.nodes().withName(node.getMetadata().getName()).edit(each -> {
                each.getSpec().setUnschedulable(off ? true : null);
                return each;
            });
        });
    }

    /** A counter of the scheduler, as Prometheus reads it; empty while no scheduler has one. */
    Optional<String> counter(String name) {
        return pods("scheduler").stream()
                .map(pod -> "/api/v1/namespaces/" + namespace + "/pods/"
                        + pod.getMetadata().getName() + ":8080/proxy/metrics")
                .map(cluster::raw)
                .flatMap(String::lines)
                .filter(line -> line.startsWith(name))
                .map(line -> line.substring(line.lastIndexOf(' ') + 1))
                .findFirst();
    }

    private static Path kubeConfig() {
        return Path.of(System.getenv("KUBECONFIG"));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @Override
    public void close() {
        client.close();
        var unused = cluster.namespaces().withName(namespace).delete();
        endPods();
        cluster.close();
        registry.close();
        broker.close();
    }

    /** A pod may take as long as its job to go, and nobody waits for it any more. */
    private void endPods() {
        var unused = cluster.pods().inNamespace(namespace).withGracePeriod(0).delete();
    }
}
