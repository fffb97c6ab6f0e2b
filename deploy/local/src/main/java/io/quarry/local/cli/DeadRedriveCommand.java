package io.quarry.local.cli;

import io.quarry.avro.Job;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.client.BrokerUnreachableException;
import io.quarry.client.DeadLetter;
import io.quarry.client.QuarryClient;
import io.quarry.client.Redrive;
import io.quarry.client.RegistryUnreachableException;
import io.quarry.client.SubmitException;
import io.quarry.schemas.JobIds;
import io.quarry.schemas.JobRules;
import io.quarry.schemas.Placement;
import io.quarry.schemas.Quantities;
import io.quarry.schemas.Violation;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Submits dead jobs again. */
@Command(
        name = "redrive",
        mixinStandardHelpOptions = true,
        description = {
            "Submits dead jobs again as new jobs that name the original in 'repeats': those whose ids are given, or all that"
                    + " the filter matches and that were not redriven yet. Deadlines (start_by, complete_by) are dropped.",
            "With a filter it asks first on a terminal; elsewhere it goes on, since a job too many can be cancelled. A job that is"
                    + " refused is named, the others are submitted, and the exit code is 2.",
            "A new id is made from the original's and the redrive's: the same redrive id again makes no job twice."
        },
        footerHeading = "%nExample:%n",
        footer = {
            "  quarry dead redrive nightly-42",
            "  quarry dead redrive --cause MEMORY_LIMIT --since 1d --memory 16Gi --into big --dry-run",
            "  quarry dead redrive --cause WORKER_KILLED --redrive-id after-the-outage --yes -o json"
        })
final class DeadRedriveCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Mixin
    private DeadOptions wanted;

    @Option(names = "--cpu", paramLabel = "CORES", description = "Cores instead of the original's, such as 2 or 500m.")
    private @Nullable String cpu;

    @Option(names = "--memory", paramLabel = "BYTES", description = "Memory instead of the original's, such as 16Gi.")
    private @Nullable String memory;

    @Option(
            names = "--ephemeral-storage",
            paramLabel = "BYTES",
            description = "Scratch disk instead of the original's, such as 100Gi.")
    private @Nullable String ephemeralStorage;

    @Option(names = "--into", paramLabel = "GROUP", description = "Resource group instead of the original's.")
    private @Nullable String into;

    @Option(names = "--max-attempts", paramLabel = "N", description = "Most attempts instead of the original's.")
    private @Nullable Integer maxAttempts;

    @Option(
            names = "--redrive-id",
            paramLabel = "ID",
            description = "Name of the redrive; under the same name no job is made twice (default: a fresh one).")
    private @Nullable String redriveId;

    @Option(names = "--yes", description = "With a filter, on a terminal: asks for no confirmation.")
    private boolean yes;

    @Option(names = "--dry-run", description = "Says what would be submitted, and submits nothing.")
    private boolean dryRun;

    @Parameters(arity = "0..*", paramLabel = "ID", description = "Ids of dead jobs, instead of a filter.")
    private List<String> ids = new ArrayList<>();

    DeadRedriveCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        if (ids.isEmpty() == wanted.isEmpty()) {
            throw CommandFailure.badUsage(
                    ids.isEmpty()
                            ? "nothing is asked for: name the ids of dead jobs, or a filter such as --cause MEMORY_LIMIT"
                            : "ids and a filter do not go together: name one of them");
        }
        Redrive redrive = redrive();
        RedriveReport report = new RedriveReport(redrive.id(), dryRun);
        try (QuarryClient client = connection.client(console)) {
            List<Job> jobs = planned(client, redrive, report);
            boolean go = dryRun || yes || !ids.isEmpty() || jobs.isEmpty() || confirmed(jobs.size());
            if (!go) {
                report.declined();
            }
            for (Job job : go ? jobs : List.<Job>of()) {
                report.submitted(job, dryRun ? "" : submitted(client, redrive, job));
            }
        }
        output.print(console, report.tree(), () -> report.lines(console.tableWidth()));
        return report.hasRefused() ? ExitCodes.BAD_USAGE : ExitCodes.DONE;
    }

    /** The jobs to submit; what is skipped, or would be refused, is reported. */
    private List<Job> planned(QuarryClient client, Redrive redrive, RedriveReport report) {
        Map<String, ResourceGroup> groups = client.groups();
        List<Job> jobs = new ArrayList<>();
        for (DeadLetter letter : letters(client)) {
            Job original = letter.dead().getJob();
            Job job = redrive.of(original);
            boolean there =
                    letter.repeats().stream().anyMatch(repeat -> repeat.id().equals(job.getId()));
            String wrong = wrong(job, groups);
            if (redrive.made(original)) {
                report.skipped(original.getId(), "", "this redrive made it");
            } else if (there) {
                report.skipped(original.getId(), job.getId(), "this redrive made it already");
            } else if (ids.isEmpty() && letter.redriven()) {
                report.skipped(original.getId(), "", "another redrive stands for it");
            } else if (wrong.isEmpty()) {
                jobs.add(job);
            } else {
                report.submitted(job, wrong);
            }
        }
        return jobs;
    }

    private boolean confirmed(int count) throws IOException {
        return !console.errTerminal()
                || Confirmation.given(console, "Submit " + Text.count(count, "dead job") + " again?");
    }

    private List<DeadLetter> letters(QuarryClient client) {
        if (ids.isEmpty()) {
            return client.deadLetters(wanted.filter(console));
        }
        Set<String> asked = new LinkedHashSet<>(ids);
        List<DeadLetter> found = client.deadLetters(asked);
        found.forEach(letter -> asked.remove(letter.dead().getJob().getId()));
        if (!asked.isEmpty()) {
            throw DeadShowCommand.notDead(String.join(", ", asked));
        }
        return found;
    }

    private Redrive redrive() {
        String id = redriveId != null
                ? redriveId
                : new JobIds(console.clock(), new SecureRandom()).next().toString();
        try {
            Redrive redrive = Redrive.withId(id);
            if (cpu != null || memory != null || ephemeralStorage != null) {
                redrive = redrive.withResources(new Resources(
                        PlacementCommand.amount("--cpu", cpu, Quantities::cpuMillis),
                        PlacementCommand.amount("--memory", memory, Quantities::bytes),
                        PlacementCommand.amount("--ephemeral-storage", ephemeralStorage, Quantities::bytes)));
            }
            redrive = into == null ? redrive : redrive.into(into);
            return maxAttempts == null ? redrive : redrive.withMaxAttempts(maxAttempts);
        } catch (IllegalArgumentException refused) {
            throw CommandFailure.badUsage(String.valueOf(refused.getMessage()));
        }
    }

    /** Why a submit would be refused; empty when it would not. */
    private static String wrong(Job job, Map<String, ResourceGroup> groups) {
        List<Violation> violations = JobRules.check(job);
        if (!violations.isEmpty()) {
            return violations.get(0).toString();
        }
        ResourceGroup group = groups.get(job.getResourceGroup());
        if (group == null) {
            return "there is no resource group " + job.getResourceGroup() + "; there are "
                    + String.join(", ", groups.keySet());
        }
        return Placement.of(job.getResources(), group) instanceof Placement.Refused refused ? refused.reason() : "";
    }

    /** Why a submit was refused; empty when it was not. A broker or registry that is away ends the command. */
    private String submitted(QuarryClient client, Redrive redrive, Job job) {
        try {
            client.submit(job);
            return "";
        } catch (BrokerUnreachableException | RegistryUnreachableException away) {
            console.say(
                    "stopped: the same command with --redrive-id " + redrive.id() + " goes on and makes no job twice");
            throw away;
        } catch (SubmitException refused) {
            return String.valueOf(refused.getMessage());
        }
    }
}
