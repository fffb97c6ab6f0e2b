package io.quarry.scheduler.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.JobState;
import io.quarry.avro.State;
import io.quarry.schemas.States;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Every state with every event, against the table in {@code lifecycle-table.txt}, which is written to be read. */
class LifecycleTableTest {
    @Test
    void everyStateAnswersEveryEventAsTheTableSays() throws IOException {
        String table = table();
        Files.writeString(Path.of("target", "lifecycle-table.txt"), table);
        try (InputStream in = Objects.requireNonNull(getClass().getResourceAsStream("/lifecycle-table.txt"))) {
            assertThat(table).isEqualTo(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void everyStateAndEveryEventIsInTheTable() {
        assertThat(Samples.rows().values().stream().filter(Objects::nonNull).map(JobState::getState))
                .containsAll(Arrays.stream(State.values())
                        .filter(state -> state != State.UNKNOWN)
                        .toList());
        assertThat(Samples.events().values().stream().map(Event::getClass).collect(Collectors.toSet()))
                .containsAll(Arrays.asList(Event.class.getPermittedSubclasses()).stream()
                        .map(c -> (Class<? extends Event>) c.asSubclass(Event.class))
                        .toList());
    }

    @Test
    void whateverARowWaitsForHappensWhenItIsDue() {
        Samples.rows().forEach((name, row) -> {
            if (row != null) {
                Instant due = Samples.LIFECYCLE.dueAt(row);
                assertThat(due).as(name).isNotNull();
                Step step = Samples.step(row, new Event.Due(), Objects.requireNonNull(due));
                assertThat(step.kind()).as(name).isIn(Step.Kind.CHANGED, Step.Kind.REMOVED);
            }
        });
    }

    @Test
    void aFinalStateStaysWhatItIs() {
        Samples.rows().forEach((name, row) -> {
            if (row == null || !States.isFinal(row.getState())) {
                return;
            }
            Samples.events().forEach((event, e) -> {
                JobState after = Samples.step(row, e, Samples.at(event)).state();
                if (after != null) {
                    assertThat(after.getState()).as(name + " x " + event).isEqualTo(row.getState());
                    assertThat(after.getManifest()).isEqualTo(row.getManifest());
                    assertThat(after.getOwner()).isEqualTo(row.getOwner());
                }
            });
        });
    }

    private static String table() {
        StringBuilder text = new StringBuilder("""
                # Every situation of a job with every event, as the state machine answers.
                # situation
                #   event -> state attempt/highest charged=charged attempts | effects
                # "same" leaves the row alone, "!" marks what cannot happen unless somebody errs.
                # Jobs of group default that run out of memory go on in group large.
                # Attempts: 3. Owner (or lost owner) of the samples: "owner". Everybody else: "other".
                """);
        for (Map.Entry<String, @Nullable JobState> row : Samples.rows().entrySet()) {
            text.append('\n').append(row.getKey()).append('\n');
            Samples.events()
                    .forEach((name, event) ->
                            text.append(String.format("  %-45s -> %s%n", name, answer(row.getValue(), name, event))));
        }
        return text.toString();
    }

    private static String answer(@Nullable JobState row, String name, Event event) {
        Step step = Samples.step(row, event, Samples.at(name));
        String effects = step.effects().isEmpty() ? "" : " | " + String.join(", ", Samples.words(step));
        return switch (step.kind()) {
            case SAME, FENCED -> "same" + effects;
            case IMPOSSIBLE -> "same !" + effects;
            case REMOVED -> "removed" + effects;
            case CHANGED -> situation(Objects.requireNonNull(step.state())) + effects;
        };
    }

    private static String situation(JobState row) {
        StringBuilder text = new StringBuilder(row.getState().name());
        text.append(' ').append(row.getAttempt()).append('/').append(row.getHighestAttempt());
        text.append(" charged=").append(row.getCharged());
        if (row.getOwner() != null) {
            text.append(" owner=").append(row.getOwner().getClaim());
        }
        if (row.getLostOwner() != null) {
            text.append(" lost=").append(row.getLostOwner().getClaim());
        }
        if (row.getSource() != null) {
            text.append(" in=")
                    .append(row.getSource().getTopic().replace("quarry.", ""))
                    .append('@')
                    .append(row.getSource().getOffset());
        }
        if (!row.getEnqueued()) {
            text.append(" backoff");
        }
        if (row.getRequeues() > 0) {
            text.append(" requeues=").append(row.getRequeues());
        }
        if (row.getNeverStarted() > 0) {
            text.append(" neverStarted=").append(row.getNeverStarted());
        }
        if (row.getDuplicates() > 0) {
            text.append(" duplicates=").append(row.getDuplicates());
        }
        if (row.getWaitsBecause() != null) {
            text.append(" waits");
        }
        if (row.getAsked() != null) {
            text.append(" group=").append(row.getJob().getResourceGroup());
        }
        if (row.getConflict()) {
            text.append(" conflict");
        }
        if (row.getCause() != null) {
            text.append(" cause=").append(row.getCause().getType());
        }
        return text.toString();
    }
}
