package io.quarry.local.cli;

import io.quarry.avro.Job;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.client.JobHandle;
import io.quarry.client.QuarryClient;
import io.quarry.schemas.JobIds;
import io.quarry.schemas.Quantities;
import io.quarry.schemas.Violation;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Submits a job. */
@Command(
        name = "submit",
        mixinStandardHelpOptions = true,
        description = {
            "Submits a job and prints its id. The file is YAML or JSON: a job, or an offline query alone.",
            "Submitting the same id or idempotency key again gives the same job: it is not run twice."
        },
        footerHeading = "%nExample:%n",
        footer = {
            "  quarry submit --wait deploy/demo/query.yaml",
            "  quarry submit --size auto --wait nightly.yaml",
            "  quarry submit --idempotency-key nightly-2026-11-24 --group big job.yaml",
            "  jq -n '{input: {range: {column: \"flight.id\", start: 0, end: 10}}, outputs: [\"flight.delay\"]}' |"
                    + " quarry submit -"
        })
final class SubmitCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Option(names = "--wait", description = "Waits until the job is done; the exit code says how it ended.")
    private boolean wait;

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            description = "With --wait: longest wait, such as 90s or 2h; then exit code 4, and the job goes on.")
    private @Nullable String timeout;

    @Option(names = "--id", paramLabel = "ID", description = "Id of the job instead of the file's or a new one.")
    private @Nullable String id;

    @Option(
            names = "--idempotency-key",
            paramLabel = "KEY",
            description = "Key that the id is made from: equal keys are the same job.")
    private @Nullable String idempotencyKey;

    @Option(names = "--group", paramLabel = "GROUP", description = "Resource group instead of the file's.")
    private @Nullable String group;

    @Option(
            names = "--size",
            paramLabel = "auto",
            description =
                    "auto: asks for the memory that earlier runs of the same query took, with some room, and says so."
                            + " Without it the job asks for what its file says.")
    private @Nullable String size;

    @Option(
            names = "--catalog",
            paramLabel = "FILE",
            description =
                    "Feature catalog that the query's features have to be in: others are refused. Without it those that"
                            + " the local mode's catalog does not have are warned of, and the job fails.")
    private @Nullable Path catalog;

    @Parameters(paramLabel = "FILE|-", description = "The job, YAML or JSON; - reads standard input.")
    private String file;

    SubmitCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws JobFileException {
        Optional<Duration> most = WaitCommand.limit(timeout);
        if (size != null && !size.equals("auto")) {
            throw CommandFailure.badUsage("--size is '" + size
                    + "': must be auto; a size of your own stands in the file, as resources: {memory: 4Gi}");
        }
        Job job = identified(SubmittedFile.read(file, console));
        Connection to = connection.find(console);
        lookForFeatures(job, to);
        Map<String, String> settings = new LinkedHashMap<>(to.settings());
        settings.putIfAbsent(
                "submit.timeout.ms", Long.toString(connection.reach().toMillis()));
        JobHandle handle;
        try (QuarryClient client = QuarryClient.connect(settings)) {
            if (size != null) {
                job = sized(job, to, client);
            }
            handle = client.submit(job);
        }
        if (!wait) {
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("id", handle.id());
            answer.put("resource_group", job.getResourceGroup());
            if (size != null) {
                Resources asks = job.getResources();
                answer.put("resources", asks == null ? Map.of() : GroupTree.size(asks));
            }
            output.print(console, answer, () -> List.of(handle.id()));
            return ExitCodes.DONE;
        }
        console.say("submitted " + handle.id());
        try (JobRows rows = JobRows.open(to, console.clock(), connection.reach())) {
            return WaitCommand.waitFor(console, to, connection.reach(), rows, output, handle.id(), most);
        }
    }

    /** A misspelt feature is told at once where the catalog is known, and waits in no queue where it was said to be the one. */
    private void lookForFeatures(Job job, Connection to) {
        OfflineQuery query = job.getOfflineQuery();
        if (query == null) {
            return;
        }
        List<String> lacks = DataPlace.catalog(to, catalog)
                .flatMap(FeatureNames::of)
                .map(names -> names.lacks(query))
                .orElse(List.of())
                .stream()
                .map(Violation::toString)
                .toList();
        if (catalog != null && !lacks.isEmpty()) {
            throw CommandFailure.badUsage(String.join("\nquarry: ", lacks));
        }
        lacks.forEach(lack -> console.say("warning: " + lack + "; the job will fail"));
    }

    /** The job with the memory that earlier runs of its query took; as it is when there are none. */
    private Job sized(Job job, Connection to, QuarryClient client) {
        Map<String, ResourceGroup> groups = client.groups();
        ResourceGroup its = GroupsCommand.named(groups, job.getResourceGroup());
        LearnedSize learned = new LearnedSize(job, groups);
        try (JobRows rows = JobRows.open(to, console.clock(), connection.reach())) {
            learned.readFrom(rows);
        }
        Optional<LearnedSize.Suggestion> suggestion = learned.suggestion(job, its);
        if (suggestion.isEmpty()) {
            console.say("size: as the file says; no earlier run of this query is known");
            return job;
        }
        long memory = suggestion.get().memoryBytes();
        console.say("size: memory " + Quantities.formatBytes(memory) + ", from "
                + suggestion.get().why());
        return Job.newBuilder(job)
                .setResources(LearnedSize.with(job.getResources(), memory))
                .build();
    }

    private Job identified(Job job) {
        String key = idempotencyKey != null ? idempotencyKey : job.getIdempotencyKey();
        String made = id != null
                ? id
                : idempotencyKey == null && !job.getId().isEmpty()
                        ? job.getId()
                        : key != null
                                ? JobIds.ofKey(key).toString()
                                : new JobIds(console.clock(), new SecureRandom())
                                        .next()
                                        .toString();
        Job.Builder builder = Job.newBuilder(job).setId(made).setIdempotencyKey(key);
        if (job.getSubmitter() == null) {
            console.variable("USER").ifPresent(builder::setSubmitter);
        }
        if (group != null) {
            builder.setResourceGroup(group);
        }
        return builder.build();
    }
}
