package io.quarry.local.cli;

import io.quarry.avro.CauseType;
import io.quarry.client.DeadFilter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say which dead jobs are meant. */
final class DeadOptions {
    @Option(
            names = "--cause",
            paramLabel = "CAUSE",
            description =
                    "Only jobs that ended by this cause; may be repeated. Cancelled jobs are listed only by --cause"
                            + " CANCELLED. One of: ${COMPLETION-CANDIDATES}.")
    private List<CauseType> causes = new ArrayList<>();

    @Option(names = "--group", paramLabel = "GROUP", description = "Only jobs of this resource group.")
    private @Nullable String group;

    @Option(
            names = "--since",
            paramLabel = "TIME",
            description = "Only jobs that ended at this time or later: ISO 8601, a date, or 2h ago as 2h.")
    private @Nullable String since;

    @Option(names = "--name", paramLabel = "NAME", description = "Only jobs of this name; * stands for any characters.")
    private @Nullable String name;

    @Option(
            names = "--tag",
            paramLabel = "KEY=VALUE",
            description = "Only jobs with this label; may be repeated, then with all of them.")
    private Map<String, String> tags = new LinkedHashMap<>();

    boolean isEmpty() {
        return causes.isEmpty() && group == null && since == null && name == null && tags.isEmpty();
    }

    DeadFilter filter(Console console) {
        return new DeadFilter(
                Set.copyOf(causes),
                group,
                since == null
                        ? null
                        : Moments.parse("--since", since, console.clock().instant()),
                name,
                tags);
    }
}
