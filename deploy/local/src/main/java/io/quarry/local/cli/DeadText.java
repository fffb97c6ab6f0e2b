package io.quarry.local.cli;

import io.quarry.avro.DeadJob;
import io.quarry.avro.Job;
import io.quarry.client.DeadLetter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shows dead jobs, to people and to programs. */
final class DeadText {
    private DeadText() {}

    static List<String> table(List<DeadLetter> letters, int width) {
        if (letters.isEmpty()) {
            return List.of("no dead jobs");
        }
        TextTable table =
                new TextTable("ID", "STATE", "CAUSE", "GROUP", "ATTEMPTS", "ENDED", "NAME", "REPEATED", "WHY");
        for (DeadLetter letter : letters) {
            DeadJob dead = letter.dead();
            table.row(
                    dead.getJob().getId(),
                    dead.getState(),
                    dead.getCause().getType(),
                    dead.getJob().getResourceGroup(),
                    dead.getAttempts(),
                    Text.time(dead.getAt()),
                    dead.getJob().getName() == null ? "" : dead.getJob().getName(),
                    letter.repeats().isEmpty()
                            ? ""
                            : letter.repeats()
                                    .get(letter.repeats().size() - 1)
                                    .state()
                                    .name(),
                    dead.getCause().getMessage());
        }
        return table.lines(width);
    }

    /** What a list has of each job. */
    static Map<String, Object> summary(DeadLetter letter) {
        DeadJob dead = letter.dead();
        Job job = dead.getJob();
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("id", job.getId());
        tree.put("state", dead.getState().name());
        tree.put("cause", AvroTree.of(dead.getCause()));
        tree.put("group", job.getResourceGroup());
        tree.put("kind", job.getKind());
        if (job.getName() != null) {
            tree.put("name", job.getName());
        }
        tree.put("tags", job.getTags());
        tree.put("attempts", dead.getAttempts());
        tree.put("ended_at", dead.getAt().toString());
        tree.put("repeated_by", letter.repeats().stream().map(DeadText::repeat).toList());
        return tree;
    }

    /** The summary with the history and the job itself. */
    static Map<String, Object> tree(DeadLetter letter) {
        Map<String, Object> tree = summary(letter);
        tree.put(
                "history",
                letter.row() == null
                        ? List.of()
                        : letter.row().getHistory().stream().map(AvroTree::of).toList());
        tree.put("job", file(letter));
        return tree;
    }

    private static Map<String, Object> repeat(DeadLetter.Repeat repeat) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("id", repeat.id());
        tree.put("state", repeat.state().name());
        tree.put("by", repeat.run());
        return tree;
    }

    /** The job as a file: without the id, under which it would be the dead one again, and without its deadlines. */
    static Map<String, Object> file(DeadLetter letter) {
        Job job = letter.dead().getJob();
        Map<String, String> headers = new LinkedHashMap<>(job.getHeaders());
        headers.remove("quarry.repeat");
        Map<String, Object> file = JobFile.tree(Job.newBuilder(job)
                .setId("")
                .setIdempotencyKey(null)
                .setAttempt(1)
                .setStartBy(null)
                .setCompleteBy(null)
                .setSubmittedAt(null)
                .setSubmitter(null)
                .setHeaders(headers)
                .setRepeats(job.getId())
                .build());
        file.remove("id");
        return file;
    }

    static List<String> fileLines(DeadLetter letter) {
        return Output.yaml(file(letter)).lines().toList();
    }

    static List<String> page(DeadLetter letter, Console console) {
        DeadJob dead = letter.dead();
        List<String> lines = new ArrayList<>();
        if (letter.row() == null) {
            Map<String, @Nullable String> facts = new LinkedHashMap<>();
            facts.put("job", dead.getJob().getId());
            facts.put("name", dead.getJob().getName());
            facts.put("state", Text.state(dead.getState(), console.colour()));
            facts.put("group", dead.getJob().getResourceGroup());
            facts.put("attempts", Integer.toString(dead.getAttempts()));
            facts.put("ended", Text.time(dead.getAt()));
            facts.put(
                    "cause", dead.getCause().getType() + ": " + dead.getCause().getMessage());
            dead.getCause().getEvidence().forEach((name, value) -> facts.put("  " + name, value));
            lines.addAll(JobText.facts(facts));
            lines.add("");
            lines.add("its row is past its retention: no history");
        } else {
            lines.addAll(JobText.page(letter.row(), console));
        }
        if (!letter.repeats().isEmpty()) {
            lines.add("");
            lines.add(Text.bold("repeated by", console.colour()));
            TextTable table = new TextTable("ID", "STATE", "BY");
            letter.repeats().forEach(repeat -> table.row(repeat.id(), repeat.state(), repeat.run()));
            lines.addAll(table.lines(console.tableWidth()));
        }
        lines.add("");
        lines.add(Text.bold("job", console.colour()));
        lines.addAll(fileLines(letter));
        return lines;
    }
}
