package io.quarry.local.cli;

import io.quarry.avro.GroupChangeType;
import io.quarry.avro.ResourceGroup;
import io.quarry.schemas.provision.GroupConflictException;
import io.quarry.schemas.provision.GroupTable;
import io.quarry.schemas.provision.ProvisionException;
import io.quarry.schemas.provision.ProvisionSettings;
import io.quarry.schemas.provision.TopicProvisioner;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;
import org.jspecify.annotations.Nullable;

/** Changes groups of an installation, each change held to the row that it was decided by. */
final class GroupWrites implements AutoCloseable {
    private final Connection to;
    private final Admin admin;
    private final ProvisionSettings settings;

    private GroupWrites(Connection to, Admin admin, ProvisionSettings settings) {
        this.to = to;
        this.admin = admin;
        this.settings = settings;
    }

    static GroupWrites open(Connection to, ConnectionOptions options) throws InterruptedException, ExecutionException {
        Map<String, Object> kafka = to.kafka();
        kafka.put("default.api.timeout.ms", (int) options.reach().toMillis());
        kafka.put("request.timeout.ms", (int) options.reach().toMillis());
        Admin admin = Admin.create(kafka);
        try {
            // New topics are made like those that are there.
            TopicDescription states =
                    admin.describeTopics(List.of(to.topics().states())).allTopicNames().get().values().stream()
                            .findFirst()
                            .orElseThrow();
            Map<String, String> settings = new LinkedHashMap<>(to.settings());
            settings.put(
                    "job.events.partitions",
                    Integer.toString(states.partitions().size()));
            settings.put(
                    "replication.factor",
                    Integer.toString(states.partitions().get(0).replicas().size()));
            return new GroupWrites(to, admin, ProvisionSettings.of(settings));
        } catch (RuntimeException | InterruptedException | ExecutionException e) {
            admin.close();
            throw e;
        }
    }

    /** Makes a group as wanted, with its topics. */
    void apply(@Nullable ResourceGroup seen, ResourceGroup wanted, String by, String reason) {
        attempt(() -> TopicProvisioner.of(admin, to.topics(), settings).changeGroup(seen, wanted, by, reason));
    }

    /** Changes the row alone. */
    void change(ResourceGroup seen, @Nullable ResourceGroup wanted, GroupChangeType type, String by, String reason) {
        attempt(() -> {
            ResourceGroup unused = table().change(seen.getName(), seen, wanted, type, by, reason);
        });
    }

    GroupTable table() {
        return GroupTable.of(to.topics(), settings);
    }

    private static void attempt(Runnable write) {
        try {
            write.run();
        } catch (GroupConflictException | ProvisionException refused) {
            throw CommandFailure.failed(String.valueOf(refused.getMessage()), refused);
        }
    }

    @Override
    public void close() {
        admin.close();
    }
}
