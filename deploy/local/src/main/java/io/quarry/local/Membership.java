package io.quarry.local;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/** How many workers the broker counts in a group. */
final class Membership implements AutoCloseable {
    private static final long LIMIT_SECONDS = 5;

    private final Admin admin;
    private final String group;

    Membership(Map<String, String> clientSettings, String group) {
        this.admin = Admin.create(Map.copyOf(clientSettings));
        this.group = group;
    }

    /** Members of the group; 0 while there is no such group or its coordinator is not ready. */
    int count() throws InterruptedException {
        try {
            return admin
                    .describeShareGroups(List.of(group))
                    .all()
                    .get(LIMIT_SECONDS, TimeUnit.SECONDS)
                    .values()
                    .stream()
                    .mapToInt(description -> description.members().size())
                    .sum();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof GroupIdNotFoundException
                    || e.getCause() instanceof org.apache.kafka.common.errors.RetriableException) {
                return 0;
            }
            throw new LocalModeException("The broker does not describe the group " + group + ": " + e.getMessage(), e);
        } catch (TimeoutException e) {
            return 0;
        }
    }

    @Override
    public void close() {
        admin.close();
    }
}
