package io.quarry.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.quarry.avro.JobState;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.State;
import io.quarry.client.JobHandle;
import io.quarry.client.QuarryClient;
import io.quarry.local.broker.BrokerException;
import io.quarry.local.broker.LocalBroker;
import io.quarry.local.registry.RegistryServer;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalModeIT {
    private static final Machine MACHINE = new Machine(4L << 30, 2);

    @TempDir
    private Path temporary;

    @Test
    void everythingIsUpAfterTheStartAndNothingIsLeftAfterTheStop() throws Exception {
        Path root = temporary.resolve("data");
        List<StartListener.Phase> phases = new ArrayList<>();
        List<ProcessHandle> processes;
        int brokerPort;
        int registryPort;
        try (LocalMode local = LocalMode.start(settings(root, Map.of()), recording(phases))) {
            assertThat(phases).containsExactly(StartListener.Phase.values());
            assertThat(Connection.read(root)).hasValueSatisfying(c -> {
                assertThat(c.bootstrapServers()).isEqualTo(local.bootstrapServers());
                assertThat(c.registryUrl()).isEqualTo(local.registryUrl());
                assertThat(c.pid()).isEqualTo(ProcessHandle.current().pid());
            });
            assertThat(local.workers()).singleElement().satisfies(w -> {
                assertThat(w.name()).isEqualTo("worker-1");
                assertThat(w.state()).isEqualTo(WorkerView.State.RUNNING);
            });
            processes = local.workers().stream()
                    .map(w -> ProcessHandle.of(w.pid().orElseThrow()).orElseThrow())
                    .toList();
            brokerPort = URI.create("kafka://" + local.bootstrapServers()).getPort();
            registryPort = URI.create(local.registryUrl()).getPort();

            assertThatThrownBy(() -> LocalMode.start(settings(root, Map.of())))
                    .isInstanceOf(DataDirectoryException.class)
                    .hasMessageContaining(
                            "is locked by process " + ProcessHandle.current().pid());
            assertThat(Connection.read(root))
                    .as("the refused start left the running one alone")
                    .isPresent();
        }

        assertThat(processes).noneMatch(ProcessHandle::isAlive);
        assertClosed(brokerPort);
        assertClosed(registryPort);
        assertThat(root.resolve("connection.properties")).doesNotExist();
        assertThat(root.resolve("tmp")).doesNotExist();
        assertThat(root.resolve("scratch")).doesNotExist();
        assertThat(root.resolve("workers")).doesNotExist();
        assertThat(threads()).noneMatch(name -> name.startsWith("supervisor-") || name.startsWith("registry-"));
    }

    @Test
    void aKilledWorkerIsStartedAgain() {
        try (LocalMode local = LocalMode.start(settings(temporary.resolve("data"), Map.of()))) {
            long killed = local.workers().get(0).pid().orElseThrow();

            assertThat(ProcessHandle.of(killed).orElseThrow().destroyForcibly()).isTrue();

            await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
                WorkerView worker = local.workers().get(0);
                assertThat(worker.state()).isEqualTo(WorkerView.State.RUNNING);
                assertThat(worker.pid()).isPresent();
                assertThat(worker.pid().getAsLong()).isNotEqualTo(killed);
            });
        }
    }

    @Tag("long")
    @Test
    void aLocalModeThatIsKilledTakesItsWorkersAlongAndItsDirectoryStartsAgain() throws Exception {
        Path root = temporary.resolve("data");
        ChildClasses classes = ChildClasses.ofThisProcess();
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1"));
        command.addAll(classes.options());
        command.addAll(List.of("-cp", classes.classPath(), KilledMain.class.getName(), root.toString()));
        Process killed = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String job;
        try {
            long worker = Long.parseLong(killed.inputReader().readLine());
            Connection connection = Connection.read(root).orElseThrow();
            job = submitHanging(connection);

            killed.destroyForcibly().waitFor();

            // The worker tries for a while to say that it gives its job back.
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> ProcessHandle.of(worker).isEmpty());
            assertThat(Connection.read(root)).isEmpty();
        } finally {
            killed.destroyForcibly();
        }

        // With leases of hours the job goes on only because of what its worker had in hand.
        try (LocalMode again = LocalMode.start(settings(root, Map.of("lease.ticks", "100000")));
                QuarryClient client = client(Connection.read(root).orElseThrow())) {
            JobState end = client.handle(job).await().get(60, TimeUnit.SECONDS);
            assertThat(end.getState()).isEqualTo(State.SUCCEEDED);
            assertThat(end.getAttempt()).isEqualTo(2);
            assertThat(end.getCharged()).as("nobody's attempt was used up").isEqualTo(1);
            assertThat(again.ended()).isNotDone();
        }
    }

    /** Submits a job whose first attempt waits for ever, and returns its id once the handler runs. */
    private static String submitHanging(Connection connection) {
        try (QuarryClient client = client(connection)) {
            JobHandle job = client.submit(client.job()
                    .custom(DyingHandler.KIND, "text/plain", "hang".getBytes(StandardCharsets.UTF_8))
                    .build());
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> job.state().map(JobState::getState).equals(Optional.of(State.RUNNING)));
            return job.id();
        }
    }

    private static QuarryClient client(Connection connection) {
        return QuarryClient.connect(Map.of(
                "bootstrap.servers", connection.bootstrapServers(), "schema.registry.url", connection.registryUrl()));
    }

    @Test
    void anExternalBrokerAndRegistryAreUsedWhereTheyAreSet() {
        try (LocalBroker broker = LocalBroker.start(temporary.resolve("kafka"), 0);
                RegistryServer registry =
                        RegistryServer.start(Map.of("bootstrap.servers", broker.bootstrapServers()), 0, 1)) {
            Map<String, String> external = Map.of(
                    "bootstrap.servers", broker.bootstrapServers(),
                    "schema.registry.url", registry.url(),
                    "workers", "0");
            try (LocalMode local = LocalMode.start(settings(temporary.resolve("data"), external))) {
                assertThat(local.bootstrapServers()).isEqualTo(broker.bootstrapServers());
                assertThat(local.registryUrl()).isEqualTo(registry.url());
                assertThat(local.data().resolve("kafka")).doesNotExist();
            }
        }
    }

    @Test
    void aTakenPortEndsTheStartAndLeavesNothing() throws Exception {
        Path root = temporary.resolve("data");
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> LocalMode.start(
                            settings(root, Map.of("broker.port", Integer.toString(taken.getLocalPort())))))
                    .isInstanceOf(BrokerException.class)
                    .hasMessageContaining("Port " + taken.getLocalPort());
        }
        assertThat(root.resolve("connection.properties")).doesNotExist();
        DataDirectory.open(root).close();
    }

    @Test
    void aWorkerThatCannotStartEndsTheStartWithTheEndOfItsLog() throws IOException {
        Path root = temporary.resolve("data");
        Parts parts = new Parts(s -> group(), (s, pods, pool) -> () -> {}, "io.quarry.NoSuchMain");

        assertThatThrownBy(() -> LocalMode.start(settings(root, Map.of()), StartListener.silent(), parts))
                .isInstanceOf(LocalModeException.class)
                .hasMessageContaining("worker-1 died 3 times at its start")
                .hasMessageContaining("NoSuchMain");

        assertThat(root.resolve("tmp")).doesNotExist();
        try (Stream<Path> logs = Files.list(root.resolve("logs"))) {
            assertThat(logs.map(Path::getFileName).map(Path::toString)).contains("worker-1.log", "local.log");
        }
    }

    @Test
    void anErrorDuringTheStartLeavesTheDirectoryFree() throws IOException {
        Path root = temporary.resolve("data");
        StartListener failing = new StartListener() {
            @Override
            public void began(Phase phase) {
                if (phase == Phase.BROKER) {
                    throw new NoClassDefFoundError("loaded while the process ends");
                }
            }

            @Override
            public void ended(Phase phase, Duration took) {}
        };

        assertThatThrownBy(() -> LocalMode.start(settings(root, Map.of()), failing))
                .isInstanceOf(NoClassDefFoundError.class);

        DataDirectory.open(root).close();
    }

    @Test
    void aWorkerThatIsSetWrongEndsTheStartWithWhatItSaysThisTime() throws IOException {
        Path root = temporary.resolve("data");
        Path catalog = Files.writeString(temporary.resolve("catalog.yaml"), "version: 2\n");
        Path none = temporary.resolve("none");

        assertThatThrownBy(() -> LocalMode.start(settings(root, Map.of("engine.catalog", catalog.toString()))))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("worker-1 cannot start")
                .hasMessageContaining("catalog.yaml:1:10: version 2 is not known");
        assertThatThrownBy(() -> LocalMode.start(settings(root, Map.of("engine.input.dirs", none.toString()))))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("engine.input.dirs is " + none)
                .hasMessageNotContaining("version 2");
    }

    private static ResourceGroup group() {
        return ResourceGroup.newBuilder()
                .setName("default")
                .setWorker(new Resources(1000L, 1L << 30, 1L << 30))
                .build();
    }

    private static LocalSettings settings(Path root, Map<String, String> given) {
        return LocalSettings.of(root, given, MACHINE);
    }

    private static StartListener recording(List<StartListener.Phase> phases) {
        return new StartListener() {
            @Override
            public void began(Phase phase) {
                phases.add(phase);
            }

            @Override
            public void ended(Phase phase, Duration took) {
                assertThat(took).isPositive();
            }
        };
    }

    private static void assertClosed(int port) {
        assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close())
                .isInstanceOf(ConnectException.class);
    }

    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(Thread::isAlive)
                .map(Thread::getName)
                .toList();
    }
}
