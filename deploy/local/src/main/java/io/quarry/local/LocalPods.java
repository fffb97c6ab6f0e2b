package io.quarry.local;

import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.Resources;
import io.quarry.scheduler.launch.Launch;
import io.quarry.scheduler.launch.PodPlatform;
import io.quarry.worker.Death;
import io.quarry.worker.DeathReports;
import io.quarry.worker.ExitCode;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Launched jobs as child processes of this one, each of the size that its job asks for. */
final class LocalPods implements PodPlatform {
    private static final Logger LOG = LoggerFactory.getLogger(LocalPods.class);

    /** Ended ones that are remembered, so that the launcher sees that they have ended. */
    private static final int REMEMBERED = 100;

    private final DataDirectory data;
    private final Map<String, String> passed;
    private final long heapBytes;
    private final Duration grace;
    private final String mainClass;
    private final MachineRoom room;
    private final Neighbours neighbours;
    private final long reckonedBytes;
    private final DeathReports deathReports;
    private final InstantSource clock;
    private final Map<Launch.Key, Started> started = new LinkedHashMap<>();
    private volatile @Nullable Consumer<JobEvent> news;

    /** What has memory of the machine beside launched jobs. */
    interface Neighbours {
        /** Memory that they were given. */
        long givenBytes();

        /** Tells them how much launched jobs have; it is theirs no more. */
        void launchedHave(long bytes);
    }

    private record Started(LaunchedChild child, Resources size) {}

    /**
     * Makes the platform and starts nothing.
     *
     * @param passed settings of a worker, with the addresses filled in
     */
    LocalPods(
            LocalSettings settings,
            DataDirectory data,
            Map<String, String> passed,
            String mainClass,
            DeathReports deathReports,
            Neighbours neighbours,
            InstantSource clock) {
        this.data = data;
        this.passed = Map.copyOf(passed);
        this.heapBytes = settings.workerHeapBytes();
        this.grace = settings.stopGrace();
        this.mainClass = mainClass;
        this.deathReports = deathReports;
        this.neighbours = neighbours;
        this.reckonedBytes = settings.workersBytes();
        this.clock = clock;
        this.room = settings.room(data.root().toFile().getUsableSpace());
    }

    @Override
    public AutoCloseable watch(Consumer<JobEvent> told) {
        news = told;
        return () -> news = null;
    }

    @Override
    public synchronized Answer start(Launch launch) {
        if (started.containsKey(launch.key())) {
            return new Answer.Made(false);
        }
        long others = Math.max(0, neighbours.givenBytes() - reckonedBytes);
        Optional<Answer> refused = room.refuses(launch.size(), running(), others);
        if (refused.isPresent()) {
            return refused.get();
        }
        try {
            LaunchedChild child =
                    LaunchedChild.start(slot(launch), OomKills.current(), death -> ended(launch.key(), death));
            started.put(launch.key(), new Started(child, launch.size()));
            tell();
            forget();
            return new Answer.Made(true);
        } catch (IOException e) {
            return new Answer.Away("The job's process could not be started: " + e.getMessage());
        }
    }

    private synchronized List<Resources> running() {
        return started.values().stream()
                .filter(one -> one.child().isAlive())
                .map(Started::size)
                .toList();
    }

    private void tell() {
        neighbours.launchedHave(
                running().stream().mapToLong(Resources::getMemoryBytes).sum());
    }

    private void forget() {
        started.entrySet()
                .removeIf(entry ->
                        started.size() > REMEMBERED && !entry.getValue().child().isAlive());
    }

    /** What it had in hand is reported as of any worker; where it had nothing, the attempt did not come so far. */
    private void ended(Launch.Key key, Death death) {
        tell();
        Path scratch = data.scratch().resolve(key.name());
        int inHand = deathReports.report(scratch, key.name(), death);
        Consumer<JobEvent> told = news;
        boolean reported = death.exitCode() == ExitCode.DONE || death.exitCode() == ExitCode.REPORTED;
        LOG.info(
                "The process of a launched job ended: jobId={} attempt={} exitCode={} jobsInHand={}",
                key.jobId(),
                key.attempt(),
                death.exitCode(),
                inHand);
        if (inHand == 0 && !reported && told != null) {
            told.accept(JobEvent.newBuilder()
                    .setType(JobEventType.POD_FAILED)
                    .setJobId(key.jobId())
                    .setAttempt(key.attempt())
                    .setAt(clock.instant())
                    .setWriter("local/" + key.name())
                    .setCause(death.beforeClaim())
                    .build());
        }
    }

    private WorkerSlot slot(Launch launch) throws IOException {
        String name = launch.key().name();
        Path scratch = data.scratch().resolve(name);
        Map<String, String> own = new HashMap<>(passed);
        own.put("worker.name", name);
        own.put("worker.scratch.dir", scratch.toString());
        own.put("worker.exit.on.stdin.eof", "true");
        own.put("worker.on.stop", "hand-back");
        WorkerSlots.putOwn(own, launch.group());
        own.put("worker.memory.bytes", Long.toString(launch.size().getMemoryBytes()));
        own.put("worker.cpu.millis", Long.toString(launch.size().getCpuMillis()));
        own.put("worker.spill.bytes", Long.toString(launch.size().getEphemeralStorageBytes()));
        own.put(
                "worker.record",
                launch.record().getTopic() + "@" + launch.record().getOffset());
        own.put("worker.claim", UUID.randomUUID().toString());
        Path file = data.workers().resolve(name + ".properties");
        Properties properties = new Properties();
        properties.putAll(own);
        Files.createDirectories(data.workers());
        Files.deleteIfExists(file);
        Files.createFile(file);
        FileTree.ownerOnly(file);
        try (Writer writer = Files.newBufferedWriter(file)) {
            properties.store(
                    writer, "Written by local mode for attempt " + launch.key().attempt() + " of a launched job");
        }
        Path tmp = data.tmp().resolve(name);
        List<String> command = WorkerCommand.likeThisProcess(heapBytes, tmp, mainClass, file);
        return new WorkerSlot(
                name,
                command,
                launch.group().getEnvironment(),
                data.logs().resolve(name + ".log"),
                tmp,
                data.workers().resolve(name + ".pid"),
                scratch,
                launch.size().getMemoryBytes(),
                false);
    }

    @Override
    public synchronized List<Standing> pods() {
        List<Standing> pods = new ArrayList<>();
        started.forEach((key, one) -> pods.add(new Standing(key, one.child().isAlive() ? Phase.LIVES : Phase.ENDED)));
        return pods;
    }

    @Override
    public synchronized void end(Launch.Key key, String why) {
        Started one = started.get(key);
        if (one != null && one.child().isAlive()) {
            one.child().requestStop();
        }
    }

    /** Ends all, so that their jobs go on at the next start. */
    @Override
    public void close() {
        List<LaunchedChild> children;
        synchronized (this) {
            children = started.values().stream().map(Started::child).toList();
        }
        children.forEach(LaunchedChild::requestStop);
        long end = System.nanoTime() + grace.toNanos();
        for (LaunchedChild child : children) {
            child.awaitStop(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
        }
    }
}
