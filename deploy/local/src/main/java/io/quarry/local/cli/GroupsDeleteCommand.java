package io.quarry.local.cli;

import io.quarry.avro.GroupChangeType;
import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.Pause;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.State;
import io.quarry.client.QuarryClient;
import io.quarry.client.SubmitException;
import io.quarry.schemas.JobIds;
import io.quarry.schemas.States;
import io.quarry.schemas.Topics;
import java.io.IOException;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Deletes a group that has no jobs, or moves those that wait first. */
@Command(
        name = "delete",
        mixinStandardHelpOptions = true,
        description = {
            "Deletes a resource group: its workers leave, its row goes, its history stays, and its topics with the records of"
                    + " its jobs stay until their retention is over.",
            "Refused while jobs wait or run in it. With --move-to those that wait are submitted again to another group, in"
                    + " their order, as new jobs that name the originals; the originals are cancelled with the new id as the"
                    + " reason. Running the command again goes on where it stopped and moves no job twice.",
            "The group default cannot be deleted."
        },
        footerHeading = "%nExample:%n",
        footer = {"  quarry groups delete large-jobs", "  quarry groups delete large-jobs --move-to default"})
final class GroupsDeleteCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private GroupOptions group;

    @Option(names = "--yes", description = "On a terminal: asks for no confirmation.")
    private boolean yes;

    @Option(names = "--move-to", paramLabel = "GROUP", description = "Where waiting jobs go.")
    private @Nullable String moveTo;

    GroupsDeleteCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws InterruptedException, ExecutionException, IOException {
        if (group.name().equals(Topics.DEFAULT_GROUP)) {
            throw CommandFailure.badUsage("the group " + group.name() + " always exists and cannot be deleted");
        }
        if (group.name().equals(moveTo)) {
            throw CommandFailure.badUsage("--move-to is " + moveTo + ": must be another group");
        }
        Connection to = group.connection().find(console);
        int moved = 0;
        try (GroupWrites groups = GroupWrites.open(to, group.connection());
                JobRows rows =
                        JobRows.open(to, console.clock(), group.connection().reach())) {
            Map<String, ResourceGroup> all = GroupsCommand.all(groups.table());
            ResourceGroup is = GroupsCommand.named(all, group.name());
            Pause before = is.getPaused();
            List<JobState> live = live(rows);
            if (!live.isEmpty() && moveTo == null) {
                throw CommandFailure.badUsage(GroupText.occupied(group.name(), live.size()));
            }
            if (!yes && !Confirmation.ofDeletion(console, "group " + group.name())) {
                return ExitCodes.DONE;
            }
            if (!live.isEmpty()) {
                ResourceGroup unused = GroupsCommand.named(all, String.valueOf(moveTo));
                // From here on nobody takes any of them, so that none runs here and there.
                is = GroupsPauseCommand.pauseAndSendAway(groups, is, group.change(), console);
            }
            try {
                if (!live.isEmpty()) {
                    moved = move(live(rows));
                    refuseRunning(live(rows));
                }
                groups.change(
                        is,
                        null,
                        GroupChangeType.DELETED,
                        group.change().by(console),
                        group.change().reason());
            } catch (RuntimeException stopped) {
                if (is.getPaused() != null) {
                    console.say("quarry: " + GroupText.paused(group.name(), before));
                }
                throw stopped;
            }
            GroupText.missed(group.name(), all.values()).ifPresent(why -> console.say("warning: " + why));
        }
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("name", group.name());
        tree.put("deleted", true);
        tree.put("moved", moved);
        int count = moved;
        group.output()
                .print(
                        console,
                        tree,
                        () -> List.of("group " + group.name() + " is deleted"
                                + (count == 0
                                        ? ""
                                        : "; " + Text.count(count, "job") + " " + Text.does(count, "wait")
                                                + " in group " + moveTo + " now")));
        return ExitCodes.DONE;
    }

    private List<JobState> live(JobRows rows) {
        return rows.all().stream()
                .filter(row -> group.name().equals(row.getJob().getResourceGroup()) && !States.isFinal(row.getState()))
                .toList();
    }

    /** Appends the new job first and cancels the original then: whatever happens in between, none is lost. */
    private int move(List<JobState> live) {
        List<JobState> waiting = live.stream()
                .filter(row -> row.getState() != State.RUNNING)
                .sorted(Comparator.comparing(JobState::getSubmittedAt))
                .toList();
        try (QuarryClient client = group.connection().client(console)) {
            for (JobState row : waiting) {
                String id = row.getJob().getId();
                String next = JobIds.ofRepeat(id, "move/" + group.name() + "/" + moveTo)
                        .toString();
                Job job = Job.newBuilder(row.getJob())
                        .setId(next)
                        .setAttempt(1)
                        .setIdempotencyKey(null)
                        .setResourceGroup(String.valueOf(moveTo))
                        .setRepeats(id)
                        .build();
                try {
                    Object unused = client.submit(job);
                } catch (SubmitException refused) {
                    throw CommandFailure.badUsage("job " + id + " cannot go to group " + moveTo + ": "
                            + refused.getMessage()
                            + ". Cancel the job or name another group, and repeat the command");
                }
                client.handle(id).cancel(group.change().by(console), "moved to group " + moveTo + " as " + next);
            }
        }
        return waiting.size();
    }

    private void refuseRunning(List<JobState> live) {
        long running =
                live.stream().filter(row -> row.getState() == State.RUNNING).count();
        if (running > 0) {
            throw CommandFailure.badUsage(GroupText.running(group.name(), running) + ": wait with 'quarry groups drain "
                    + group.name() + "', then repeat the command");
        }
    }
}
