package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarry.avro.Schedule;
import io.quarry.local.broker.LocalBroker;
import io.quarry.local.registry.RegistryServer;
import io.quarry.scheduler.SchedulerProcess;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The commands for schedules with a broker, a registry and a scheduler that are nobody's local mode. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(600)
class SchedulesOnABrokerIT {
    private static final Duration LONG = Duration.ofMinutes(3);
    private static final String PREFIX = "ours.";
    private static final String EACH_SECOND = """
            name: each-second
            every: 1s
            job:
              offline_query:
                input: {columns: {airport.iata: [BOS]}}
                input_times: ["{{tick.time}}"]
                outputs: [airport.city]
            """;

    @TempDir
    private static Path directory;

    private LocalBroker broker;
    private RegistryServer registry;
    private SchedulerProcess scheduler;

    @BeforeAll
    void start() throws Exception {
        broker = LocalBroker.start(directory.resolve("broker"), 0);
        registry = RegistryServer.start(Map.of("bootstrap.servers", broker.bootstrapServers()), 0, 1);
        scheduler = SchedulerProcess.start(Map.of(
                "bootstrap.servers",
                broker.bootstrapServers(),
                "schema.registry.url",
                registry.url(),
                "topic.prefix",
                PREFIX,
                "replication.factor",
                "1",
                "job.events.partitions",
                "2",
                "scheduler.state.dir",
                directory.resolve("state").toString()));
        scheduler.awaitReady(LONG);
    }

    @AfterAll
    void stop() {
        scheduler.close();
        registry.close();
        broker.close();
    }

    /** Where to, as flags. */
    private String[] to(String... arguments) {
        return Stream.concat(
                        Stream.of(arguments),
                        Stream.of(
                                "--bootstrap-servers",
                                broker.bootstrapServers(),
                                "--registry-url",
                                registry.url(),
                                "--topic-prefix",
                                PREFIX))
                .toArray(String[]::new);
    }

    private CommandRun run(String input, String... arguments) {
        return CommandRun.of(directory.resolve("home"), Map.of("USER", "alice"), input, to(arguments));
    }

    private String good(String... arguments) {
        CommandRun run = run("", arguments);
        assertThat(run.code())
                .as(String.join(" ", arguments) + "\n" + run.err())
                .isZero();
        return run.out();
    }

    @Test
    void everyCommandWorksThere() throws Exception {
        Path files = Files.createDirectories(directory.resolve("schedules"));
        Files.writeString(files.resolve("a.yaml"), EACH_SECOND);
        Files.writeString(
                files.resolve("b.yaml"),
                EACH_SECOND.replace("each-second", "daily").replace("every: 1s", "cron: 0 2 * * *"));
        String all = files.toString();
        Path catalog = Path.of("..", "demo", "catalog.yaml");
        assertThat(good("schedules", "apply", "-f", all, "--catalog", catalog.toString()))
                .contains("each-second: new", "daily: new");
        CommandRun refused = run(
                EACH_SECOND.replace("airport.city", "airport.mayor"),
                "schedules",
                "apply",
                "-f",
                "-",
                "--catalog",
                catalog.toString());
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err())
                .contains("standard input:", ": job.offline_query.outputs[0] is airport.mayor: must be");
        assertThat(good("schedules", "list")).contains("daily", "0 2 * * *", "each-second", "every 1s");
        assertThat(good("schedules", "next", "daily", "--from", "2026-01-01T00:00:00Z", "--count", "1"))
                .contains("2026-01-01T02:00:00Z");
        await().atMost(LONG)
                .pollInSameThread()
                .until(() -> good("schedules", "history", "each-second").contains(">"));
        String job = good("schedules", "trigger", "daily").strip();
        await().atMost(LONG)
                .pollInSameThread()
                .until(() -> run("", "jobs").out().contains(job));
        good("schedules", "pause", "each-second", "--reason", "source is moved");
        await().atMost(LONG)
                .pollInSameThread()
                .until(() -> good("schedules", "history", "each-second").contains("paused: source is moved"));
        good("schedules", "resume", "each-second");
        assertThat(good("schedules", "audit", "--late", "30s")).contains("0 findings");
        Files.delete(files.resolve("b.yaml"));
        assertThat(good("schedules", "apply", "-f", all, "--prune")).contains("daily: deleted");
        good("schedules", "delete", "each-second", "--yes");
        assertThat(good("schedules", "list")).doesNotContain("daily", "each-second");
    }

    @Test
    void ofTwoWhoWriteTheSameScheduleTheLaterOneCountsAndTheOtherOneIsToldSo() throws Exception {
        try (ScheduleTopics alice = open();
                ScheduleTopics bob = open()) {
            long before = alice.end();
            Map<String, Long> first = Map.of("twice", alice.define(twice("0 1 * * *", "alice")));
            Map<String, Long> second = Map.of("twice", bob.define(twice("0 2 * * *", "bob")));
            assertThat(ScheduleRival.of(alice.since(before), first))
                    .containsExactly(new ScheduleRival("twice", "bob", true));
            assertThat(ScheduleRival.of(bob.since(before), second))
                    .containsExactly(new ScheduleRival("twice", "alice", false));
            Map<String, Long> third = Map.of("twice", alice.define(twice("0 2 * * *", "alice")));
            assertThat(ScheduleRival.of(bob.since(before), second))
                    .as("the same in other words")
                    .containsExactly(new ScheduleRival("twice", "alice", false));
            long unused = bob.remove("twice");
            assertThat(ScheduleRival.of(alice.since(before), third))
                    .containsExactly(new ScheduleRival("twice", null, true));
        }
        AtomicBoolean enough = new AtomicBoolean();
        CompletableFuture<Void> bob = CompletableFuture.runAsync(() -> {
            try (ScheduleTopics topics = open()) {
                while (!enough.get()) {
                    long unused = topics.define(twice("0 2 * * *", "bob"));
                }
            }
        });
        try {
            await().atMost(LONG).pollInSameThread().untilAsserted(() -> {
                CommandRun alice = run(EACH_SECOND.replace("each-second", "twice"), "schedules", "apply", "-f", "-");
                assertThat(alice.code()).as(alice.err()).isEqualTo(1);
                assertThat(alice.err())
                        .contains("schedule twice was applied by bob at the same time: theirs is the later one and"
                                + " counts");
            });
        } finally {
            enough.set(true);
            bob.get();
        }
        assertThat(good("schedules", "show", "twice")).contains("cron: 0 2 * * *");
        good("schedules", "delete", "twice");
    }

    private ScheduleTopics open() {
        ByteArrayOutputStream none = new ByteArrayOutputStream();
        return ScheduleTopics.open(
                Connection.find(
                        Map.of(
                                Connection.BOOTSTRAP, broker.bootstrapServers(),
                                Connection.REGISTRY, registry.url(),
                                Connection.PREFIX, PREFIX),
                        Optional.empty(),
                        CommandRun.console(directory, Map.of(), "", none, none, false),
                        directory.resolve("home")),
                Duration.ofSeconds(10));
    }

    private static Schedule twice(String cron, String by) {
        try {
            return Schedule.newBuilder(ScheduleFile.parse(
                            EACH_SECOND.replace("each-second", "twice").replace("every: 1s", "cron: " + cron), "twice"))
                    .setAppliedBy(by)
                    .build();
        } catch (JobFileException e) {
            throw new IllegalStateException(e);
        }
    }
}
