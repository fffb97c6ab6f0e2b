package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarry.avro.CauseType;
import io.quarry.avro.JobState;
import io.quarry.avro.State;
import io.quarry.client.JobHandle;
import io.quarry.client.QuarryClient;
import io.quarry.local.LocalMode;
import io.quarry.local.LocalSettings;
import io.quarry.local.Machine;
import io.quarry.local.WorkerView;
import io.quarry.schemas.JobIds;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Groups as an operator handles them, with their workers as child processes. One local mode for all tests. */
@Tag("long")
class GroupsIT {
    private static final Duration SOON = Duration.ofMinutes(2);
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private static Path temporary;

    private static LocalMode local;
    private static QuarryClient client;

    @BeforeAll
    static void start() {
        Map<String, String> given = new TreeMap<>();
        given.put("workers", "1");
        given.put("worker.heap.bytes", Long.toString(96L << 20));
        given.put("worker.memory.bytes", Long.toString(512L << 20));
        local = LocalMode.start(LocalSettings.of(temporary.resolve("data"), given, new Machine(4L << 30, 2)));
        client = QuarryClient.connect(
                Map.of("bootstrap.servers", local.bootstrapServers(), "schema.registry.url", local.registryUrl()));
    }

    @AfterAll
    static void stop() {
        client.close();
        local.close();
    }

    private static CommandRun quarry(String input, String... words) {
        return CommandRun.of(
                temporary, Map.of("QUARRY_DATA", temporary.resolve("data").toString()), input, words);
    }

    private static JsonNode json(String... words) throws IOException {
        List<String> all = new ArrayList<>(List.of(words));
        all.addAll(List.of("-o", "json"));
        CommandRun run = quarry("", all.toArray(String[]::new));
        assertThat(run.code()).as(run.err()).isZero();
        return JSON.readTree(run.out());
    }

    private static String group(String name, String memory, int min, int max) {
        return """
                name: %s
                worker: {cpu: "1", memory: %s, ephemeral_storage: 1Gi}
                workers: {min: %d, max: %d}
                scaling: {target_wait: 1s, up_cooldown: 0ms, down_cooldown: 2s}
                """.formatted(name, memory, min, max);
    }

    private static void apply(String group) {
        CommandRun run = quarry(group, "groups", "apply", "-f", "-", "--by", "ann", "--reason", "a test");
        assertThat(run.code()).as(run.err()).isZero();
    }

    private static JobHandle submit(String group, String script) {
        return client.submit(client.job()
                .group(group)
                .custom("dying", "text/plain", script.getBytes(StandardCharsets.UTF_8))
                .build());
    }

    private static State end(JobHandle job) throws Exception {
        return job.await().get(SOON.toSeconds(), TimeUnit.SECONDS).getState();
    }

    private static OptionalLong pid(String worker) {
        return local.workers().stream()
                .filter(view -> view.name().equals(worker))
                .map(WorkerView::pid)
                .filter(OptionalLong::isPresent)
                .findFirst()
                .orElse(OptionalLong.empty());
    }

    private static void awaitRunning(JobHandle job) {
        await().atMost(SOON).until(() -> job.state().map(JobState::getState).orElse(State.UNKNOWN) == State.RUNNING);
    }

    /** Waits until its worker takes no job any more: a pause is a row, which the worker has still to read. */
    private static void awaitPaused(String group) {
        await().atMost(SOON)
                .until(() -> json("groups", "show", group, "--why")
                        .path("workers")
                        .findValuesAsText("phase")
                        .contains("PAUSED"));
    }

    private static String waits(JobHandle job) throws IOException {
        await().atMost(SOON).until(() -> job.state().isPresent());
        return json("job", job.id()).path("waits_because").asText();
    }

    @Test
    void aFullGroupDelaysNoOtherAndGoesToZeroAndBack() throws Exception {
        apply(group("large", "512Mi", 0, 1));
        List<JobHandle> full = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            full.add(submit("large", "hang"));
            if (i == 0) {
                // Said until the worker is there: a job behind it could come too late for that.
                await().atMost(SOON).until(() -> waits(full.get(0)).contains("cold start"));
            }
            // Jobs of one millisecond have no order among them.
            await().atMost(SOON).until(() -> full.get(full.size() - 1).state().isPresent());
        }
        awaitRunning(full.get(0));
        await().atMost(SOON).until(() -> waits(full.get(9)).contains("of group large wait before it"));

        List<Long> took = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            long begun = System.nanoTime();
            assertThat(end(submit("default", "ok"))).isEqualTo(State.SUCCEEDED);
            took.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun));
        }
        Collections.sort(took);
        System.out.println("10 jobs of default beside a full queue of large, in ms: " + took);
        // Of those that were slow one is the machine's; a job behind the full queue would never end.
        assertThat(took.get(5)).isLessThan(10_000);
        assertThat(full.get(9).state().orElseThrow().getState()).isEqualTo(State.QUEUED);

        full.forEach(job -> job.cancel("the test", "enough"));
        await().atMost(SOON).until(() -> pid("large-1").isEmpty());
        JobHandle again = submit("large", "ok");
        assertThat(end(again)).isEqualTo(State.SUCCEEDED);
        JsonNode why = json("groups", "show", "large", "--why");
        assertThat(why.path("decisions").findValuesAsText("action")).contains("ADD", "DRAIN", "REMOVE");
        assertThat(why.path("quarry_jobs_interrupted_by_scaling_total").asLong())
                .isZero();
    }

    @Test
    void aPausedGroupKeepsItsQueueAndGoesOnWhenItIsResumed() throws Exception {
        apply(group("calm", "512Mi", 1, 1));
        assertThat(end(submit("calm", "ok"))).isEqualTo(State.SUCCEEDED);
        assertThat(quarry("", "groups", "pause", "calm", "--by", "ann", "--reason", "the disk is full")
                        .code())
                .isZero();
        awaitPaused("calm");
        JobHandle job = submit("calm", "ok");
        await().atMost(SOON).until(() -> job.state().isPresent());
        assertThat(waits(job)).contains("paused by ann").contains("the disk is full");
        // What is applied meanwhile leaves the pause alone.
        apply(group("calm", "512Mi", 1, 2));
        assertThat(json("groups", "show", "calm")
                        .path("status")
                        .path("paused")
                        .path("by")
                        .asText())
                .isEqualTo("ann");
        assertThat(job.state().orElseThrow().getState()).isEqualTo(State.QUEUED);

        assertThat(quarry("", "groups", "resume", "calm").code()).isZero();
        assertThat(end(job)).isEqualTo(State.SUCCEEDED);
        assertThat(json("groups", "show", "calm", "--history").findValuesAsText("what"))
                .containsExactly("CREATED", "PAUSED", "CHANGED", "RESUMED");
        // Deleted with a job that waits: it goes where it is told to go.
        assertThat(quarry("", "groups", "delete", "default").code()).isEqualTo(2);
        assertThat(quarry("", "groups", "pause", "calm", "--by", "bob", "--reason", "not today")
                        .code())
                .isZero();
        awaitPaused("calm");
        JobHandle waiting = client.submit(client.job()
                .group("calm")
                .memory("512Mi")
                .custom("dying", "text/plain", "ok".getBytes(StandardCharsets.UTF_8))
                .build());
        await().atMost(SOON).until(() -> waiting.state().isPresent());
        CommandRun refused = quarry("", "groups", "delete", "calm");
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err()).contains("1 job").contains("--move-to");
        apply(group("narrow", "256Mi", 0, 1) + "oversize: {policy: refuse}\non_memory: {group: calm}\n");
        CommandRun narrow = quarry("", "groups", "delete", "calm", "--move-to", "narrow");
        assertThat(narrow.code()).isEqualTo(2);
        assertThat(narrow.err())
                .contains("cannot go to group narrow")
                .contains("group calm stays, paused by bob as it was");
        assertThat(json("groups", "show", "calm")
                        .path("status")
                        .path("paused")
                        .path("reason")
                        .asText())
                .isEqualTo("not today");
        CommandRun deleted = quarry("", "groups", "delete", "calm", "--move-to", "default", "-o", "json");
        assertThat(deleted.code()).as(deleted.err()).isZero();
        assertThat(JSON.readTree(deleted.out()).path("moved").asInt()).isEqualTo(1);
        assertThat(deleted.err()).contains("on_memory.group of group narrow is calm");
        assertThat(end(waiting)).isEqualTo(State.CANCELLED);
        String moved = JobIds.ofRepeat(waiting.id(), "move/calm/default").toString();
        assertThat(end(client.handle(moved))).isEqualTo(State.SUCCEEDED);
        assertThat(json("groups", "list").findValuesAsText("name")).doesNotContain("calm");
        await().atMost(SOON).until(() -> pid("calm-1").isEmpty());
    }

    @Test
    void anotherSizeReplacesTheWorkerWhenItIsIdleAndNoJobNotices() throws Exception {
        apply(group("sized", "512Mi", 1, 1));
        Path go = temporary.resolve("sized");
        JobHandle job = submit("sized", "halves " + go);
        awaitRunning(job);
        long before = pid("sized-1").orElseThrow();
        apply(group("sized", "640Mi", 1, 1));
        Files.createFile(go);

        JobState done = job.await().get(SOON.toSeconds(), TimeUnit.SECONDS);
        assertThat(done.getState()).isEqualTo(State.SUCCEEDED);
        assertThat(done.getAttempt()).isEqualTo(1);
        await().atMost(SOON)
                .until(() -> json("groups", "show", "sized", "--why")
                        .path("workers")
                        .toString()
                        .contains(Long.toString(640L << 20)));
        await().atMost(SOON).until(() -> ProcessHandle.of(before).isEmpty());
        assertThat(end(submit("sized", "ok"))).isEqualTo(State.SUCCEEDED);
    }

    @Test
    void workersThatAreKilledWhileTheyStartOrLeaveLoseNoJob() throws Exception {
        apply(group("mortal", "512Mi", 0, 2));
        List<JobHandle> jobs = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            jobs.add(submit("mortal", i == 0 ? "KILL" : "ok"));
        }
        // Its first job kills it as well: what was seen once is not there at a second look.
        OptionalLong pid = await().atMost(SOON).until(() -> pid("mortal-1"), OptionalLong::isPresent);
        ProcessHandle.of(pid.getAsLong()).ifPresent(ProcessHandle::destroyForcibly);
        for (JobHandle job : jobs) {
            assertThat(end(job)).isEqualTo(State.SUCCEEDED);
        }
        assertThat(json("groups", "show", "mortal", "--why")
                        .path("quarry_jobs_interrupted_by_scaling_total")
                        .asLong())
                .isZero();
    }

    @Test
    void aJobThatRunsOutOfMemoryGoesOnInTheNextLargerSizeUntilItIsEnough() throws Exception {
        apply(group("stout", "512Mi", 0, 1)
                + "on_memory: {factor: 2}\noversize: {policy: launch, ceiling: {cpu: \"2\", memory: 2Gi}}\n");
        apply(group("slim", "384Mi", 0, 1) + "on_memory: {group: stout}\noversize: {policy: refuse}\n");

        JobState end = submit("slim", "needs 640").await().get(SOON.toSeconds(), TimeUnit.SECONDS);

        assertThat(end.getState()).as(end.toString()).isEqualTo(State.SUCCEEDED);
        assertThat(end.getHistory())
                .filteredOn(line -> line.getCause() != null)
                .extracting(
                        line -> line.getCause().getType(),
                        line -> line.getCause().getEvidence().get("limit_bytes"))
                .containsExactly(
                        Tuple.tuple(CauseType.OOM_KILLED, Long.toString(384L << 20)),
                        Tuple.tuple(CauseType.OOM_KILLED, Long.toString(512L << 20)));
        assertThat(end.getAttempt()).isEqualTo(3);
        assertThat(end.getOwner().getWorker()).startsWith("quarry-job-");
        assertThat(end.getJob().getResourceGroup()).isEqualTo("stout");
        assertThat(end.getJob().getResources().getMemoryBytes()).isEqualTo(1L << 30);
        assertThat(end.getAsked().getResourceGroup()).isEqualTo("slim");
    }

    @Test
    void aJobOfADrainedGroupIsHandedBackWhenItsTimeIsOverAndCostsItNoAttempt() throws Exception {
        apply(group("brief", "512Mi", 0, 1) + "drain: 1s\n");
        JobHandle job = submit("brief", "hang");
        awaitRunning(job);

        CommandRun drained = quarry("", "groups", "drain", "brief", "--by", "ann", "--reason", "a move");

        assertThat(drained.code()).as(drained.err()).isZero();
        await().atMost(SOON).until(() -> pid("brief-1").isEmpty());
        JobState waiting = job.state().orElseThrow();
        assertThat(waiting.getState()).as(waiting.toString()).isEqualTo(State.RETRYING);
        assertThat(waiting.getCause().getType()).isEqualTo(CauseType.HANDED_BACK);
        assertThat(waiting.getCharged()).isEqualTo(1);

        assertThat(quarry("", "groups", "resume", "brief").code()).isZero();
        JobState end = job.await().get(SOON.toSeconds(), TimeUnit.SECONDS);
        assertThat(end.getState()).isEqualTo(State.SUCCEEDED);
        assertThat(end.getCharged()).isEqualTo(1);
    }

    @Test
    void aGroupThatThisMachineCannotHoldIsTakenWithAWarningAndItsJobSaysWhy() throws Exception {
        CommandRun run = quarry(group("huge", "100Ti", 0, 1), "groups", "apply", "-f", "-");
        assertThat(run.code()).isZero();
        assertThat(run.err()).contains("warning").contains("100Ti");
        JobHandle job = submit("huge", "ok");
        await().atMost(SOON).until(() -> waits(job).contains("does not fit this machine"));
        job.cancel("the test", "enough");
    }
}
