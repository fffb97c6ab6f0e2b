package io.quarry.local.chaos;

import io.quarry.avro.ResourceGroup;
import io.quarry.local.broker.BrokerMain;
import io.quarry.local.registry.RegistryServer;
import io.quarry.schemas.Topics;
import io.quarry.schemas.provision.ProvisionSettings;
import io.quarry.schemas.provision.TopicProvisioner;
import java.io.IOException;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A whole installation of real processes: a broker, schedulers and workers, each of which reaches the broker by a wire of its
 * own. The registry runs in this JVM and, like everybody who watches, uses a door that no fault is at. Built top to bottom,
 * closed in reverse.
 */
final class Installation implements AutoCloseable {
    static final int PARTITIONS = 4;

    private static final Logger LOG = LoggerFactory.getLogger(Installation.class);
    private static final Duration START = Duration.ofMinutes(2);
    private static final long MIB = 1L << 20;

    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final List<Child> schedulers = new ArrayList<>();
    private final List<Child> workers = new ArrayList<>();
    private final List<Proxy> schedulerWires = new ArrayList<>();
    private final List<Proxy> workerWires = new ArrayList<>();
    private final Map<String, String> settings = new HashMap<>();
    private final Topics topics = Topics.withDefaultPrefix();
    private final ChaosSettings chaos;
    private final Path datasets;
    private @Nullable Child broker;
    private @Nullable SmallDisk disk;

    private Installation(ChaosSettings chaos) {
        this.chaos = chaos;
        this.datasets = chaos.directory().resolve("datasets");
    }

    /** Starts everything and returns when a job would be run; nothing is left when that fails. */
    static Installation start(ChaosSettings chaos, Consumer<String> progress) throws IOException, InterruptedException {
        Installation installation = new Installation(chaos);
        try {
            installation.run(progress);
            return installation;
        } catch (IOException | InterruptedException | RuntimeException e) {
            installation.close();
            throw e;
        }
    }

    private void run(Consumer<String> progress) throws IOException, InterruptedException {
        progress.accept("starting: broker");
        int port = freePort();
        List<String> command = new ArrayList<>(List.of(
                BrokerMain.class.getName(), chaos.directory().resolve("kafka").toString(), Integer.toString(port)));
        for (int i = 0; i < chaos.schedulers() + chaos.workers(); i++) {
            int door = freePort();
            Proxy proxy = closing(Proxy.to(door));
            (i < chaos.schedulers() ? schedulerWires : workerWires).add(proxy);
            command.add(door + ":" + proxy.port());
        }
        Child started = closing(Child.start("broker", logs(), 384, command));
        broker = started;
        started.awaitSaid("quarry-broker READY", START);
        settings.put("bootstrap.servers", "127.0.0.1:" + port);
        RegistryServer registry = closing(RegistryServer.start(kafka(), 0, 1));
        common(registry.url());
        progress.accept("starting: topics");
        provision();
        if (chaos.faults().contains(FaultKind.DISK_FULL)) {
            long mib = Math.min(1024, 64 + chaos.jobs() / 4);
            Optional<SmallDisk> mounted = SmallDisk.mount(chaos.directory().resolve("small-disk"), mib);
            if (mounted.isPresent()) {
                disk = closing(mounted.get());
            }
        }
        progress.accept("starting: schedulers and workers");
        for (int i = 0; i < chaos.schedulers(); i++) {
            schedulers.add(closing(scheduler(i)));
        }
        for (int i = 0; i < chaos.workers(); i++) {
            workers.add(closing(worker(i)));
        }
        for (Child worker : workers) {
            worker.awaitSaid("quarry-worker READY", START);
        }
    }

    private void common(String registry) throws IOException {
        Path catalog = chaos.directory().resolve("catalog.yaml");
        StringBuilder names = new StringBuilder("n,name\n");
        for (int n = 0; n < Question.NAMED; n++) {
            names.append(n).append(",n").append(n).append('\n');
        }
        Files.writeString(chaos.directory().resolve("names.csv"), names);
        Files.writeString(catalog, Question.CATALOG);
        settings.putAll(Map.of(
                "schema.registry.url", registry,
                "tick.interval.ms", Long.toString(chaos.timing().tick().toMillis()),
                "lease.ticks", Integer.toString(chaos.timing().leaseTicks()),
                "worker.heartbeat.ms", Long.toString(chaos.timing().heartbeat().toMillis()),
                "scheduler.passed.interval.ms", "1000",
                "replication.factor", "1",
                "job.events.partitions", Integer.toString(PARTITIONS),
                "engine.catalog", catalog.toString()));
        settings.putAll(Map.of(
                "worker.memory.bytes", Long.toString(512 * MIB),
                "worker.cpu.millis", "1000",
                "worker.spill.bytes", Long.toString(256 * MIB)));
    }

    private void provision() {
        ProvisionSettings provision = ProvisionSettings.of(settings);
        try (Admin admin = Admin.create(Map.copyOf(kafka()))) {
            TopicProvisioner provisioner = TopicProvisioner.of(admin, topics, provision);
            provisioner.provision();
            provisioner.provisionGroup(ResourceGroup.newBuilder(provision.defaultGroup())
                    .setMaxWorkers(chaos.workers())
                    .setBackoffMs(200)
                    .setMaxBackoffMs(2_000)
                    .build());
        }
    }

    private Child scheduler(int number) throws IOException {
        String name = "scheduler-" + (number + 1);
        Map<String, String> own = own(schedulerWires.get(number));
        own.put("scheduler.state.dir", chaos.directory().resolve(name).toString());
        return Child.start(
                name,
                logs(),
                192,
                List.of(
                        ChildMain.class.getName(),
                        "io.quarry.scheduler.SchedulerMain",
                        file(name, own).toString()));
    }

    private Child worker(int number) throws IOException {
        String name = workerName(number);
        Map<String, String> own = own(workerWires.get(number));
        own.put("worker.name", name);
        own.put("worker.scratch.dir", chaos.directory().resolve("scratch").toString());
        own.put("worker.datasets.dir", datasets(number).toString());
        own.put("worker.exit.on.stdin.eof", "true");
        return Child.start(
                name,
                logs(),
                128,
                List.of("io.quarry.worker.WorkerMain", file(name, own).toString()));
    }

    /** Where a worker writes: the first one on the small disk, where there is one. */
    private Path datasets(int worker) {
        return disk != null && worker == 0 ? disk.directory().resolve("datasets") : datasets;
    }

    private Map<String, String> own(Proxy wire) {
        Map<String, String> own = new HashMap<>(settings);
        own.put("bootstrap.servers", "127.0.0.1:" + wire.port());
        return own;
    }

    private Path file(String name, Map<String, String> own) throws IOException {
        Path file = chaos.directory().resolve(name + ".properties");
        Properties properties = new Properties();
        properties.putAll(own);
        try (Writer writer = Files.newBufferedWriter(file)) {
            properties.store(writer, null);
        }
        return file;
    }

    Path logs() {
        return chaos.directory().resolve("logs");
    }

    /** Settings of a client that uses the door of those who watch. */
    Map<String, String> settings() {
        return Map.copyOf(settings);
    }

    Map<String, String> kafka() {
        return Map.of("bootstrap.servers", settings.getOrDefault("bootstrap.servers", ""));
    }

    Topics topics() {
        return topics;
    }

    Path datasets() {
        return datasets;
    }

    Optional<SmallDisk> disk() {
        return Optional.ofNullable(disk);
    }

    Child broker() {
        if (broker == null) {
            throw new IllegalStateException("the broker was not started");
        }
        return broker;
    }

    Child schedulerAt(int number) {
        return schedulers.get(number);
    }

    Child workerAt(int number) {
        return workers.get(number);
    }

    Proxy wireOfWorker(int number) {
        return workerWires.get(number);
    }

    static String workerName(int number) {
        return "worker-" + (number + 1);
    }

    void all(Proxy.Wire wire) {
        schedulerWires.forEach(proxy -> proxy.set(wire));
        workerWires.forEach(proxy -> proxy.set(wire));
    }

    /** Ends schedulers and workers: what the log says now is all that it will say. */
    void stopWork() {
        workers.forEach(Child::close);
        schedulers.forEach(Child::close);
    }

    private <T extends AutoCloseable> T closing(T part) {
        parts.push(part);
        return part;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Override
    public void close() {
        boolean interrupted = Thread.interrupted();
        while (!parts.isEmpty()) {
            try {
                parts.pop().close();
            } catch (Exception e) {
                LOG.warn("A part did not stop cleanly", e);
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
