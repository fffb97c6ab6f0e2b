package io.quarry.local;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;

/** A broker that is not local mode's own: nothing is begun before it answers. */
final class ExternalBroker {
    private ExternalBroker() {}

    /** Returns when the broker answers; throws {@link UnreachableException} when it does not in time. */
    static void reach(Map<String, String> clientSettings, Duration most) throws InterruptedException {
        Map<String, Object> settings = new HashMap<>(clientSettings);
        int limit = (int) most.toMillis();
        settings.put("default.api.timeout.ms", limit);
        settings.put("request.timeout.ms", limit);
        try (Admin admin = Admin.create(settings)) {
            var unused = admin.describeCluster().nodes().get();
        } catch (ExecutionException | KafkaException e) {
            Throwable said = e.getCause() == null ? e : e.getCause();
            throw new UnreachableException(
                    "no broker answers at " + clientSettings.get("bootstrap.servers")
                            + " (bootstrap.servers), tried for up"
                            + " to " + most.toSeconds() + " s: " + said.getMessage()
                            + ". Is it running? Without bootstrap.servers local mode runs a broker of its own",
                    e);
        }
    }
}
