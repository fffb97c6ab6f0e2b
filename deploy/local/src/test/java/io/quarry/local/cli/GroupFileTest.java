package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GroupFileTest {
    private static final String LARGE = """
            name: large-jobs
            worker: {cpu: "32", memory: 450Gi, ephemeral_storage: 500Gi}
            workers: {min: 0, max: 3}
            oversize: {policy: launch, ceiling: {cpu: "64", memory: 900Gi}}
            """;

    @TempDir
    private Path directory;

    private static String problem(String text) {
        JobFileException refused =
                catchThrowableOfType(JobFileException.class, () -> GroupFile.parse(text, "group.yaml"));
        assertThat(refused).as(text).isNotNull();
        return String.join(
                "\n", refused.problems().stream().map(Object::toString).toList());
    }

    @Test
    void theFormForPeopleIsRead() throws Exception {
        ResourceGroup group = GroupFile.parse(LARGE, "group.yaml");

        assertThat(group.getName()).isEqualTo("large-jobs");
        assertThat(group.getWorker()).isEqualTo(new Resources(32_000L, 450L << 30, 500L << 30));
        assertThat(group.getMinWorkers()).isZero();
        assertThat(group.getMaxWorkers()).isEqualTo(3);
        assertThat(group.getOversizeCeiling()).isEqualTo(new Resources(64_000L, 900L << 30, null));
    }

    @Test
    void whatIsShownReadsBackAsTheSame() throws Exception {
        ResourceGroup group = GroupFile.parse(LARGE + """
                max_attempts: 5
                timeout: 3h
                backoff: 1500ms
                max_backoff: 2m
                retry_on: [MEMORY_LIMIT]
                """, "group.yaml");

        String shown = Output.yaml(GroupFile.tree(group));

        assertThat(GroupFile.parse(shown, "shown")).isEqualTo(group);
        assertThat(GroupChange.between(group, GroupFile.parse(shown, "shown"))).isEmpty();
    }

    @Test
    void everyWrongFieldIsNamedWithItsLineAndRule() {
        assertThat(problem(LARGE.replace("memory: 450Gi", "memory: 4 GB")))
                .contains("group.yaml:2")
                .contains("worker.memory")
                .contains("4 GB");
        assertThat(problem(LARGE.replace("cpu: \"32\"", "cpu: -1"))).contains("worker.cpu");
        assertThat(problem(LARGE.replace("450Gi", "1e9Ti"))).contains("worker.memory");
        assertThat(problem(LARGE.replace("min: 0", "min: 4"))).contains("max_workers");
        assertThat(problem(LARGE.replace("max: 3", "maximum: 3"))).contains("workers.maximum");
        assertThat(problem(LARGE.replace("workers:", "wrkers:")))
                .contains("wrkers")
                .contains("did you mean workers");
        assertThat(problem(LARGE.replace("large-jobs", "Large_Jobs")))
                .contains("name")
                .contains("Large_Jobs");
        assertThat(problem(LARGE.replace("launch", "maybe"))).contains("oversize.policy");
        assertThat(problem(LARGE.replace(", ceiling: {cpu: \"64\", memory: 900Gi}", "")))
                .contains("oversize.ceiling is missing");
        assertThat(problem(LARGE.replace("launch", "refuse"))).contains("oversize.ceiling is set");
        assertThat(problem("name: x\n")).contains("worker");
        assertThat(problem(LARGE + "name: again\n")).contains("set twice");
        assertThat(problem("- a\n")).contains("mapping");
    }

    @Test
    void aDifferenceNamesFieldBeforeAndAfter() throws Exception {
        ResourceGroup is = GroupFile.parse(LARGE, "a");
        ResourceGroup wanted = GroupFile.parse(LARGE.replace("max: 3", "max: 5").replace("900Gi", "1Ti"), "b");

        assertThat(GroupChange.between(is, wanted))
                .containsExactly(
                        new GroupChange("oversize.ceiling.memory", "900Gi", "1Ti"),
                        new GroupChange("workers.max", "3", "5"));
        assertThat(GroupChange.between(null, wanted)).contains(new GroupChange("name", null, "large-jobs"));
    }

    @ParameterizedTest
    @CsvSource({"--cpu, 32, queue, 32", "--cpu, 33, oversize, 33", "--cpu, 65, refused, 64", "--cpu, 500m, queue, 500m"
    })
    void aPlacementIsAnsweredFromAFileWithoutABroker(String option, String value, String decision, String cpu)
            throws Exception {
        Path file = Files.writeString(directory.resolve("group.yaml"), LARGE);

        CommandRun run =
                CommandRun.of(directory, Map.of(), "", "placement", "-f", file.toString(), option, value, "-o", "json");

        assertThat(run.code()).as(run.err()).isZero();
        JsonNode answer = new ObjectMapper().readTree(run.out());
        assertThat(answer.path("decision").asText()).isEqualTo(decision);
        assertThat(answer.path("reason").asText()).isNotEmpty();
        assertThat(answer.path("nearest").path("cpu").asText()).isEqualTo(cpu);
        assertThat(answer.path("nearest").path("memory").asText()).isEqualTo("450Gi");
    }

    @Test
    void aPlacementThatMakesNoSenseIsBadUsage() throws Exception {
        Path file = Files.writeString(directory.resolve("group.yaml"), LARGE);
        for (List<String> words : List.of(
                List.of("placement"),
                List.of("placement", "-f", file.toString(), "--cpu", "many"),
                List.of("placement", "-f", file.toString(), "--group", "default"),
                List.of("placement", "-f", directory.resolve("none").toString()))) {
            CommandRun run = CommandRun.of(directory, Map.of(), "", words.toArray(String[]::new));
            assertThat(run.code()).as(run.err()).isEqualTo(2);
            assertThat(run.out()).isEmpty();
        }
    }
}
