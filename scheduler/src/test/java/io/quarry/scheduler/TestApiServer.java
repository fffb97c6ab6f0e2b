package io.quarry.scheduler;

import io.fabric8.kubeapitest.KubeAPIServer;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.PolicyRuleBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.NonDeletingOperation;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A real API server without controllers; tests share it, each in a namespace of its own. */
public final class TestApiServer implements AutoCloseable {
    private static final Path RIGHTS = Path.of("..", "deploy", "helm", "quarry", "rbac");
    private static final String ACCOUNT = "quarry-scheduler";

    private final KubeAPIServer server = new KubeAPIServer();
    private final KubernetesClient client;

    public TestApiServer() {
        startAlone();
        client = new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(server.getKubeConfigYaml()))
                .build();
    }

    /** The first server of a directory makes its certificates: two at once, in the JVMs of two tests, write over each other's. */
    private void startAlone() {
        Path file = Path.of(System.getProperty("java.io.tmpdir"), "quarry-kube-api.lock");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            FileLock alone = channel.lock();
            server.start();
            alone.release();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A client that may do everything; closed with the server. */
    public KubernetesClient client() {
        return client;
    }

    /** Makes a namespace, with the account that pods have there by default; returns its name. */
    public String makeNamespace() {
        String namespace = "n-" + UUID.randomUUID();
        client.namespaces()
                .resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(namespace)
                        .endMetadata()
                        .build())
                .create();
        account(namespace, "default");
        return namespace;
    }

    /** Rights of the chart's role, a verb of a resource each. */
    public static List<PolicyRule> granted(String file) throws IOException {
        List<PolicyRule> single = new ArrayList<>();
        for (PolicyRule rule : Serialization.unmarshal(Files.readString(RIGHTS.resolve(file)), PolicyRule[].class)) {
            rule.getResources()
                    .forEach(resource -> rule.getVerbs()
                            .forEach(verb -> single.add(new PolicyRuleBuilder()
                                    .withApiGroups(rule.getApiGroups())
                                    .withResources(resource)
                                    .withVerbs(verb)
                                    .build())));
        }
        return single;
    }

    /** A client of the scheduler's account, which may do so much. */
    public KubernetesClient as(String namespace, List<PolicyRule> rules) {
        grant(namespace, rules);
        return new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder(client.getConfiguration())
                        .withNamespace(namespace)
                        .withRequestRetryBackoffLimit(0)
                        .withImpersonateUsername("system:serviceaccount:" + namespace + ":" + ACCOUNT)
                        .build())
                .build();
    }

    /** Gives the scheduler's account these rights instead of those that it had. */
    public void grant(String namespace, List<PolicyRule> rules) {
        account(namespace, ACCOUNT);
        client.rbac()
                .roles()
                .inNamespace(namespace)
                .resource(new RoleBuilder()
                        .withNewMetadata()
                        .withName(ACCOUNT)
                        .endMetadata()
                        .withRules(rules)
                        .build())
                .createOr(NonDeletingOperation::update);
        client.rbac()
                .roleBindings()
                .inNamespace(namespace)
                .resource(new RoleBindingBuilder()
                        .withNewMetadata()
                        .withName(ACCOUNT)
                        .endMetadata()
                        .withNewRoleRef("rbac.authorization.k8s.io", "Role", ACCOUNT)
                        .addNewSubject(null, "ServiceAccount", ACCOUNT, namespace)
                        .build())
                .createOr(NonDeletingOperation::update);
    }

    private void account(String namespace, String name) {
        client.serviceAccounts()
                .inNamespace(namespace)
                .resource(new ServiceAccountBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .endMetadata()
                        .build())
                .createOr(NonDeletingOperation::update);
    }

    @Override
    public void close() {
        client.close();
        server.stop();
    }
}
