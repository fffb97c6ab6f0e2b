package io.quarry.scheduler.pods;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;

/** How the cluster is reached, and what it says when it refuses. */
public final class Cluster {
    /** Whose the fields are that we write. */
    public static final String MANAGER = "quarry-scheduler";

    private Cluster() {}

    /** A client of the cluster that this process runs in, else of that of the kubeconfig. It is not asked yet. */
    public static KubernetesClient client() {
        // Whoever calls has more to do than to wait for an API server: it asks again.
        Config config = new ConfigBuilder(Config.autoConfigure(null))
                .withUserAgent(MANAGER)
                .withRequestRetryBackoffLimit(1)
                .withRequestTimeout(10_000)
                .withConnectionTimeout(5_000)
                .build();
        return new KubernetesClientBuilder().withConfig(config).build();
    }

    /** Where our pods are: the namespace of the settings, else the client's own. */
    public static String namespace(KubernetesClient client, KubernetesSettings settings) {
        String own = client.getNamespace() == null ? "default" : client.getNamespace();
        return settings.namespace().orElse(own);
    }

    /** What went wrong, in the server's own words where it said some. */
    public static String said(Throwable failure) {
        String status = failure instanceof KubernetesClientException refused && refused.getStatus() != null
                ? refused.getStatus().getMessage()
                : null;
        return status == null ? String.valueOf(failure.getMessage()) : status;
    }
}
