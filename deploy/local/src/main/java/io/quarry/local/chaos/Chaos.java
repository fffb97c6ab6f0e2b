package io.quarry.local.chaos;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.JobState;
import io.quarry.avro.Manifest;
import io.quarry.avro.State;
import io.quarry.local.audit.AuditReport;
import io.quarry.local.audit.AuditSettings;
import io.quarry.local.audit.Auditor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** One run: starts an installation, loads it, breaks it, lets it finish, and judges what it left. */
public final class Chaos {
    private static final Duration STALLED = Duration.ofSeconds(90);
    private static final long STEP_MS = 20;

    /** Causes that a fault may give a job for good: its attempts are numbered. Any other is a breach. */
    private static final Set<CauseType> OF_FAULTS = Set.of(
            CauseType.WORKER_SILENT,
            CauseType.WORKER_KILLED,
            CauseType.BROKER_UNREACHABLE,
            CauseType.DISK_FULL,
            CauseType.NEVER_CLAIMED);

    private final ChaosSettings settings;
    private final Consumer<String> progress;
    private final long began = System.nanoTime();

    private Chaos(ChaosSettings settings, Consumer<String> progress) {
        this.settings = settings;
        this.progress = progress;
    }

    /**
     * Runs and judges. Nothing is left but the directory's files.
     *
     * @param progress gets a line whenever something happens
     * @throws IOException when the installation does not start or the results cannot be read
     */
    public static ChaosReport run(ChaosSettings settings, Consumer<String> progress)
            throws IOException, InterruptedException {
        return new Chaos(settings, progress).run();
    }

    private ChaosReport run() throws IOException, InterruptedException {
        try (Installation installation = Installation.start(settings, progress);
                Submitter submitter = new Submitter(installation.settings(), installation.topics(), settings.clock());
                Observer observer =
                        new Observer(installation.settings(), installation.topics(), Installation.PARTITIONS);
                Recoveries recoveries = new Recoveries();
                Injector injector = new Injector(installation, submitter, observer.sightings(), recoveries, settings)) {
            load(submitter, observer.sightings(), injector);
            injector.awaitMended();
            progress.accept("waiting for the last jobs");
            submitter.flush();
            drain(submitter, observer.sightings());
            installation.stopWork();
            progress.accept("auditing");
            AuditReport audit = audit(installation);
            return judge(installation, submitter, observer.sightings(), injector, recoveries, audit);
        }
    }

    /** Submits evenly over the time given, with the faults in between. */
    private void load(Submitter submitter, Sightings seen, Injector injector) throws InterruptedException {
        Deque<Fault> faults = new ArrayDeque<>(settings.schedule().faults());
        long start = System.nanoTime();
        long length = settings.load().toNanos();
        int submitted = 0;
        while (true) {
            long now = System.nanoTime() - start;
            while (!faults.isEmpty() && faults.getFirst().at().toNanos() <= now) {
                Fault fault = faults.removeFirst();
                progress.accept(String.format(
                        "%5.1f s  %-16s %d of %d jobs done",
                        now / 1e9, fault.kind().flag(), seen.finals(), submitted));
                injector.begin(fault);
            }
            long due = Math.min(settings.jobs(), Math.round((double) settings.jobs() * now / length));
            while (submitted < due) {
                submitter.submit(Question.of(settings.seed(), submitted++));
            }
            if (submitted >= settings.jobs() && faults.isEmpty() && now >= length) {
                return;
            }
            TimeUnit.MILLISECONDS.sleep(STEP_MS);
        }
    }

    private void drain(Submitter submitter, Sightings seen) throws InterruptedException {
        int before = -1;
        long last = System.nanoTime();
        while (System.nanoTime() - last < STALLED.toNanos()) {
            if (submitter.acknowledged().stream().allMatch(question -> seen.isFinal(question.id()))) {
                return;
            }
            int finals = seen.finals();
            if (finals != before) {
                if (before / 100 != finals / 100) {
                    progress.accept(finals + " jobs done");
                }
                before = finals;
                last = System.nanoTime();
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    private AuditReport audit(Installation installation) throws IOException {
        Path scratch = settings.directory().resolve("audit");
        Files.createDirectories(scratch);
        return Auditor.audit(
                new AuditSettings(
                        installation.settings(),
                        installation.topics(),
                        true,
                        Duration.ofMinutes(10),
                        settings.timing().leaseTicks(),
                        settings.workers(),
                        Optional.of(installation.datasets()),
                        scratch,
                        256L << 20),
                what -> {});
    }

    private ChaosReport judge(
            Installation installation,
            Submitter submitter,
            Sightings seen,
            Injector injector,
            Recoveries recoveries,
            AuditReport audit)
            throws IOException {
        List<String> breaches = new ArrayList<>();
        audit.findings()
                .forEach(finding -> breaches.add(finding.kind() + " " + finding.job() + ": " + finding.detail()));
        Map<String, Integer> failures = new TreeMap<>();
        long lost = 0;
        long wrong = 0;
        try (ResultCheck check = new ResultCheck()) {
            for (Question question : submitter.acknowledged()) {
                JobState row = seen.row(question.id()).orElse(null);
                if (row == null || !seen.isFinal(question.id())) {
                    lost++;
                    breaches.add("LOST " + question.id() + ": was acknowledged and is "
                            + (row == null ? "unknown" : row.getState()));
                    continue;
                }
                Optional<String> fault = fault(check, question, row, failures);
                if (fault.isPresent()) {
                    wrong++;
                    breaches.add(question.id() + ": " + fault.get());
                }
            }
        } catch (SQLException e) {
            throw new IOException("the results cannot be checked: " + e.getMessage(), e);
        }
        long ran = 0;
        for (String id : submitter.aborted()) {
            if (seen.row(id).isPresent()) {
                ran++;
                breaches.add("ABORTED " + id + ": its transaction was never committed and it has a row");
            }
        }
        submitter.refused().forEach(refusal -> breaches.add("REFUSED " + refusal));
        Map<String, String> unavailable = settings.faults().contains(FaultKind.DISK_FULL)
                        && installation.disk().isEmpty()
                ? Map.of(FaultKind.DISK_FULL.flag(), "this user may not mount a file system of a few megabytes")
                : Map.of();
        return new ChaosReport(
                settings.seed(),
                breaches.isEmpty() ? "clean" : "breached",
                submitter.acknowledged().size(),
                Math.max(lost, audit.lost()),
                audit.doubled(),
                audit.fifoBreaks(),
                wrong,
                ran,
                flags(injector.counts()),
                unavailable,
                audit.reruns(),
                flags(recoveries.worst()),
                failures,
                breaches,
                Math.round((System.nanoTime() - began) / 1e8) / 10.0,
                audit);
    }

    private static Optional<String> fault(
            ResultCheck check, Question question, JobState row, Map<String, Integer> failures) {
        if (row.getState() == State.CANCELLED) {
            return Optional.empty();
        }
        Manifest manifest = row.getManifest();
        if (row.getState() == State.SUCCEEDED) {
            return manifest == null ? Optional.of("succeeded without a result") : check.wrong(question, manifest);
        }
        Cause cause = row.getCause();
        CauseType type = cause == null ? CauseType.UNKNOWN : cause.getType();
        failures.merge(type.name(), 1, Integer::sum);
        return OF_FAULTS.contains(type)
                ? Optional.empty()
                : Optional.of("is " + row.getState() + " by " + type + ": "
                        + (cause == null ? "no cause" : cause.getMessage()));
    }

    private static <T> Map<String, T> flags(Map<FaultKind, T> byKind) {
        Map<String, T> flags = new TreeMap<>();
        byKind.forEach((kind, value) -> flags.put(kind.flag(), value));
        return flags;
    }
}
