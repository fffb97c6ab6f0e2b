package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarry.avro.Pause;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
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
                max_run_time: 12h
                lease: 1m
                drain: 10m
                scaling: {target_wait: 1m, up_cooldown: 15s, down_cooldown: 10m}
                engine_memory_share: 0.8
                on_memory: {group: huge-jobs, factor: 1.5}
                spill_volume: {type: ephemeral, storage_class: fast-ssd}
                environment: {TZ: UTC, EMPTY: ""}
                image: registry.example.com/quarry:1.2
                image_pull_policy: IfNotPresent
                service_account: quarry-worker
                priority_class: batch
                node_selector: {"node.kubernetes.io/instance-type": r6id.8xlarge}
                tolerations:
                  - {key: dedicated, value: quarry, effect: NoSchedule}
                  - {operator: Exists, effect: NoExecute, seconds: 300}
                labels: {team: features, "example.com/tier": "1"}
                owner: features@example.com
                """, "group.yaml");

        String shown = Output.yaml(GroupTree.of(group));

        assertThat(GroupFile.parse(shown, "shown")).isEqualTo(group);
        assertThat(GroupChange.between(group, GroupFile.parse(shown, "shown"))).isEmpty();
    }

    /** Whoever writes out what the table of keys has as default gets that. */
    @Test
    void theDefaultOfAKeyMayBeWrittenOut() throws Exception {
        ResourceGroup group = GroupFile.parse(LARGE + """
                scaling: {target_wait: 30s, up_cooldown: 10s, down_cooldown: 5m}
                max_attempts: 3
                timeout: 24h
                backoff: 1s
                max_backoff: 5m
                scan_cache: 0
                """, "group.yaml");

        assertThat(group).isEqualTo(GroupFile.parse(LARGE, "group.yaml"));
    }

    @Test
    void whatAGroupIsInIsShownAndNotRead() throws Exception {
        ResourceGroup group = GroupFile.parse(LARGE, "group.yaml");
        ResourceGroup paused = ResourceGroup.newBuilder(group)
                .setVersion(7)
                .setChangedBy("ann")
                .setPaused(new Pause("ann", "the disk is full", Instant.EPOCH, false))
                .build();

        String shown = Output.yaml(GroupTree.shown(paused));

        assertThat(shown).contains("version: 7").contains("the disk is full");
        assertThat(GroupFile.parse(shown, "shown")).isEqualTo(group);
        assertThat(GroupChange.between(paused, group)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "engine_memory_share: 1.5 | engine_memory_share is 1.5",
                "engine_memory_share: most | engine_memory_share is 'most': must be a number",
                "scan_cache: 1Gi | scan_cache is 1Gi: must be 0",
                "on_memory: {group: large-jobs} | on_memory.group is large-jobs: must be another group",
                "on_memory: {factor: 1} | on_memory.factor is 1.0: must be from 1.1 to 16",
                "on_memory: {grop: x} | unknown key on_memory.grop: did you mean group?",
                "scaling: {target_wait: soon} | scaling.target_wait is 'soon': must be a duration",
                "scaling: {target_wai: 1m} | unknown key scaling.target_wai: did you mean target_wait?",
                "lease: 1s | lease is 1s: must be from 15s to a year",
                "spill_volume: {type: nfs} | spill_volume.type is nfs: must be one of",
                "spill_volume: {type: local-path} | spill_volume.path is absent: must be an absolute path",
                "spill_volume: {type: empty-dir, storage_class: x} | spill_volume.storage_class is x: must be absent",
                "environment: {QUARRY_X: a} | environment (a name) is QUARRY_X",
                "environment: [a] | environment must be a mapping",
                "image: a b | image is a b",
                "image_pull_policy: always | image_pull_policy is always: must be one of Always",
                "service_account: Quarry_Worker | service_account is Quarry_Worker",
                "node_selector: {'a/b/c': d} | node_selector (a key) is a/b/c",
                "labels: {team: 'a b'} | labels.team is a b",
                "tolerations: {key: a} | tolerations must be a list",
                "tolerations: [{value: a}] | tolerations[0].key is absent",
                "tolerations: [{key: a, value: 'b c'}] | tolerations[0].value is b c: must be a label's value",
                "tolerations: [{key: a, effect: Never}] | tolerations[0].effect is Never: must be one of",
                "tolerations: [{key: a, second: 3}] | unknown key tolerations[0].second: did you mean seconds?",
            })
    void everyFieldOfItsOwnRuleIsRefusedByName(String line, String said) {
        assertThat(problem(LARGE + line + "\n")).contains(said);
    }

    /** The group's own rules come after the file was read; they are told like all others. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "workers: {min: 5, max: 3} | 3:24: workers.max is 3: must be at least 1 and workers.min, and at most 1000",
                "workers: {min: -1} | 3:16: workers.min is -1: must be at least 0",
                "workers: {min: 5000} | 3:10: workers.max is",
                "max_attempts: 0 | 3:15: max_attempts is 0: must be from 1 to 100",
                "max_backoff: 1ms | 3:14: max_backoff is 1ms: must be at least backoff, which is",
                "drain: 1000d | 3:8: drain is 24000h: must be from 0ms to a year, 8784h",
                "scaling: {up_cooldown: 1000d} | 3:24: scaling.up_cooldown is 24000h",
                "on_memory: {factor: 2} | 3:12: on_memory is set: needs a larger size: name a group in on_memory.group, or"
                        + " set oversize.ceiling.memory to more than a worker has",
                "node_selector: {ok: a, 'a/b/c': d} | 3:24: node_selector (a key) is a/b/c",
                "environment: {A: b, QUARRY_X: a} | 3:21: environment (a name) is QUARRY_X",
                "labels: {a: b, timeout_ms: 'a b'} | 3:16: labels.timeout_ms is a b: must be a label's value: at most 63 characters",
                "tolerations: [{key: a}, {value: a}] | 3:25: tolerations[1].key is absent",
                "retry_on: [NEVER] | 3:11: retry_on is NEVER",
            })
    void aBrokenRuleIsToldAtItsLineByTheKeysOfTheFile(String line, String said) {
        assertThat(problem("""
                name: large-jobs
                worker: {cpu: "32", memory: 450Gi, ephemeral_storage: 500Gi}
                """ + line + "\n")).contains("group.yaml:" + said);
    }

    @Test
    void whatIsMissingIsToldWhereItIsMissing() {
        assertThat(problem("name: x\nworker: {cpu: 1, memory: 1Gi}\n"))
                .startsWith("group.yaml:2:9: worker.ephemeral_storage is absent: must be set");
        assertThat(problem("name: x\n")).startsWith("group.yaml:1:1: worker.cpu is absent: must be set");
    }

    @Test
    void namesThatKubernetesOrATopicRefusesAreRefused() {
        for (String name : List.of("large-", "1st", "a".repeat(64), "oversize", "a.b", "a_b")) {
            assertThat(problem(LARGE.replace("large-jobs", name))).contains("name is " + name);
        }
    }

    @Test
    void everyWrongFieldIsNamedWithItsLineAndRule() {
        assertThat(problem(LARGE.replace("memory: 450Gi", "memory: 4 GB")))
                .contains("group.yaml:2")
                .contains("worker.memory")
                .contains("4 GB");
        assertThat(problem(LARGE.replace("cpu: \"32\"", "cpu: -1"))).contains("worker.cpu");
        assertThat(problem(LARGE.replace("450Gi", "1e9Ti"))).contains("worker.memory");
        assertThat(problem(LARGE.replace("min: 0", "min: 4")))
                .contains("group.yaml:3")
                .contains("workers.max");
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
    void anUnknownKeyHidesNoOtherError() {
        assertThat(problem(LARGE.replace("450Gi", "4 GB").replace("max: 3", "max: -3") + "lase: 20s\nlease: 1s\n")
                        .lines())
                .satisfiesExactly(
                        line -> assertThat(line)
                                .contains("group.yaml:2:")
                                .contains("worker.memory")
                                .contains("4 GB"),
                        line -> assertThat(line).contains("group.yaml:3:").contains("workers.max is -3"),
                        line -> assertThat(line).contains("unknown key lase: did you mean lease?"),
                        line -> assertThat(line).contains("lease is 1s: must be from 15s"));
        assertThat(problem(LARGE.replace("workers:", "wrkers:")).lines()).hasSize(1);
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
