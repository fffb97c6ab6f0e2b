package io.quarry.local.cli;

import io.quarry.avro.State;
import io.quarry.client.ReplayReport;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Shows what a replay did: for programs and for people. */
final class ReplayText {
    private ReplayText() {}

    static Map<String, Object> tree(ReplayReport report) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("replay_id", report.replayId());
        tree.put("topic", report.topic());
        tree.put("from_offset", report.fromOffset());
        tree.put("to_offset", report.toOffset());
        tree.put("next_offset", report.nextOffset());
        tree.put("read", report.read());
        tree.put("appended", report.dryRun() ? 0 : report.appended());
        if (report.dryRun()) {
            tree.put("would_append", report.appended());
        }
        if (!report.byState().isEmpty()) {
            Map<String, Object> byState = new LinkedHashMap<>();
            new EnumMap<>(report.byState()).forEach((state, count) -> byState.put(state.name(), count));
            tree.put("by_state", byState);
        }
        Map<String, Object> skipped = new LinkedHashMap<>();
        for (ReplayReport.Skip reason : ReplayReport.Skip.values()) {
            skipped.put(word(reason), report.skipped().get(reason));
        }
        tree.put("skipped", skipped);
        tree.put("dry_run", report.dryRun());
        tree.put("complete", report.complete());
        return tree;
    }

    private static String word(ReplayReport.Skip reason) {
        return reason.name().toLowerCase(Locale.ROOT);
    }

    static List<String> lines(ReplayReport report) {
        Map<String, @Nullable String> facts = new LinkedHashMap<>();
        facts.put("replay", report.replayId() + (report.dryRun() ? " (dry run: nothing was appended)" : ""));
        facts.put("topic", report.topic());
        facts.put("offsets", report.fromOffset() + " to " + report.toOffset());
        facts.put("read", Text.count(report.read()));
        facts.put(report.dryRun() ? "would append" : "appended", Text.count(report.appended()));
        facts.put("of these", states(report));
        for (ReplayReport.Skip reason : ReplayReport.Skip.values()) {
            long count = report.skipped().getOrDefault(reason, 0L);
            if (count > 0) {
                facts.put("skipped, " + word(reason).replace('_', ' '), Text.count(count));
            }
        }
        return JobText.facts(facts);
    }

    /** The jobs by the state of their originals, such as {@code 2 SUCCEEDED, 1 CANCELLED}; empty where it is not known. */
    static String states(ReplayReport report) {
        List<String> states = new ArrayList<>();
        report.byState()
                .forEach((state, count) -> states.add(
                        Text.count(count) + " " + (state == State.UNKNOWN ? "without a row" : state.name())));
        return states.stream().sorted().collect(Collectors.joining(", "));
    }

    /** How to go on with a replay that stopped. */
    static String goOn(ReplayReport report) {
        return "stopped at offset " + report.nextOffset() + " of " + report.toOffset() + " after "
                + Text.count(report.appended(), "job") + "; the same command with --replay-id " + report.replayId()
                + " goes on and makes no job twice";
    }
}
