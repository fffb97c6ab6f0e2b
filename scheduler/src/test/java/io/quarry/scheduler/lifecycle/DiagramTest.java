package io.quarry.scheduler.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.JobState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The state diagram of the README, made from what the state machine does with the samples. */
class DiagramTest {
    private static final String BEGIN = "<!-- diagram: written by DiagramTest -->\n```mermaid\n";
    private static final String END = "```\n<!-- end of diagram -->";

    @Test
    void theReadmeShowsWhatTheCodeDoes() throws IOException {
        String diagram = diagram();
        Files.writeString(Path.of("target", "diagram.mmd"), diagram);
        String readme = Files.readString(Path.of("README.md"));
        assertThat(readme).contains(BEGIN);
        assertThat(readme.substring(readme.indexOf(BEGIN) + BEGIN.length(), readme.indexOf(END)))
                .isEqualTo(diagram);
    }

    private static String diagram() {
        Map<String, TreeSet<String>> arrows = new TreeMap<>();
        for (Map.Entry<String, @Nullable JobState> row : Samples.rows().entrySet()) {
            String from =
                    row.getValue() == null ? "[*]" : row.getValue().getState().name();
            Samples.events().forEach((name, event) -> {
                Step step = Samples.step(row.getValue(), event, Samples.at(name));
                String to = step.kind() == Step.Kind.REMOVED
                        ? "[*]"
                        : step.kind() == Step.Kind.CHANGED
                                ? Objects.requireNonNull(step.state())
                                        .getState()
                                        .name()
                                : from;
                if (!from.equals(to)) {
                    arrows.computeIfAbsent(from + " --> " + to, k -> new TreeSet<>())
                            .add(event.getClass().getSimpleName());
                }
            });
        }
        return arrows.entrySet().stream()
                .map(arrow -> "    " + arrow.getKey() + ": " + String.join(", ", arrow.getValue()))
                .collect(Collectors.joining("\n", "stateDiagram-v2\n", "\n"));
    }
}
