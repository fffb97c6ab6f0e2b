package io.quarry.local.cli;

import io.quarry.avro.ResourceGroup;
import io.quarry.client.QuarryClient;
import io.quarry.schemas.provision.ProvisionException;
import io.quarry.schemas.provision.ProvisionSettings;
import io.quarry.schemas.provision.TopicProvisioner;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Makes a group as a file says. */
@Command(
        name = "apply",
        mixinStandardHelpOptions = true,
        description = {
            "Makes a resource group as a file says, with its topics, and says what that changed. What the file leaves out gets"
                    + " its default. Applying the same file again changes nothing.",
            "Workers keep the size that they were started with until they are started anew."
        },
        footerHeading = "%nExample:%n",
        footer = {
            "  quarry groups show default > large-jobs.yaml   # then edit it: the name, the size",
            "  quarry groups apply -f large-jobs.yaml --dry-run",
            "  quarry groups apply -f large-jobs.yaml"
        })
final class GroupsApplyCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Mixin
    private ApplyOptions options;

    GroupsApplyCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws JobFileException, InterruptedException, ExecutionException {
        ResourceGroup wanted = GroupsDiffCommand.read(options.file(), console);
        Connection to = connection.find(console);
        ResourceGroup is;
        try (QuarryClient client = connection.client(console)) {
            is = client.groups().get(wanted.getName());
        }
        List<GroupChange> changes = GroupChange.between(is, wanted);
        boolean apply = !options.dryRun() && !wanted.equals(is);
        if (apply) {
            provision(to, wanted);
        }
        Map<String, Object> answer = GroupsDiffCommand.tree(wanted, is == null, changes);
        answer.put("applied", apply);
        output.print(console, answer, () -> GroupsDiffCommand.lines(wanted, is == null, changes));
        options.say(console, output, apply);
        return ExitCodes.DONE;
    }

    private void provision(Connection to, ResourceGroup wanted) throws InterruptedException, ExecutionException {
        Map<String, Object> kafka = to.kafka();
        kafka.put("default.api.timeout.ms", (int) connection.reach().toMillis());
        kafka.put("request.timeout.ms", (int) connection.reach().toMillis());
        try (Admin admin = Admin.create(kafka)) {
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
            TopicProvisioner.of(admin, to.topics(), ProvisionSettings.of(settings))
                    .provisionGroup(wanted);
        } catch (ProvisionException refused) {
            throw CommandFailure.failed(String.valueOf(refused.getMessage()), refused);
        }
    }
}
