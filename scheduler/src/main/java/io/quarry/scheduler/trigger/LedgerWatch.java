package io.quarry.scheduler.trigger;

import io.quarry.avro.ScheduleEvent;
import io.quarry.avro.ScheduleEventType;
import io.quarry.scheduler.streams.Watch;
import io.quarry.schemas.serde.WireSerdes;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import javax.management.InstanceAlreadyExistsException;
import javax.management.JMException;
import javax.management.ObjectName;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Recounts the last day of the ledger now and then, in a small share of the time ({@link RecountPause}). What is wrong is logged,
 * counted, and an event of its schedule, once each.
 */
final class LedgerWatch implements LedgerWatchMXBean, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LedgerWatch.class);
    private static final int REMEMBERED = 10_000;
    private static final String NAME = "io.quarry.scheduler:type=schedule-audit";

    private final TriggerSettings settings;
    private final Map<String, String> kafka;
    private final WireSerdes serdes;
    private final InstantSource clock;
    private final LedgerAudit audit;
    private final Watch watch;
    private final Set<Recount.Finding> told = new HashSet<>();
    private final AtomicLong audits = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();
    private volatile long expected;
    private volatile long findings;
    private volatile Duration took = Duration.ZERO;
    private volatile Duration pause;
    /** Whether its counters are those that JMX shows. */
    private boolean seen;

    private LedgerWatch(TriggerSettings settings, Map<String, String> kafka, WireSerdes serdes, InstantSource clock) {
        this.settings = settings;
        this.kafka = Map.copyOf(kafka);
        this.serdes = serdes;
        this.clock = clock;
        this.audit = new LedgerAudit(settings.topics(), kafka, serdes);
        this.pause = settings.auditInterval();
        this.watch = new Watch("quarry-schedule-audit", () -> pause, this::look);
    }

    static LedgerWatch start(
            TriggerSettings settings, Map<String, String> kafka, WireSerdes serdes, InstantSource clock) {
        LedgerWatch watch = new LedgerWatch(settings, kafka, serdes, clock);
        try {
            ManagementFactory.getPlatformMBeanServer().registerMBean(watch, new ObjectName(NAME));
            watch.seen = true;
        } catch (InstanceAlreadyExistsException another) {
            LOG.info("Another auditor of this process is seen by JMX, this one is not");
        } catch (JMException e) {
            LOG.warn("The auditor's counters are not seen by JMX", e);
        }
        watch.watch.start();
        return watch;
    }

    private void look() throws InterruptedException {
        Instant now = clock.instant();
        // Real time, also where schedules go by another one.
        long began = System.nanoTime();
        try {
            // A scheduler that has just started has an outage to catch up with first.
            LedgerAudit.Report report = audit.run(
                    now.minus(RecountPause.LOOKS_BACK),
                    now,
                    settings.missedAfter().multipliedBy(5));
            audits.incrementAndGet();
            expected = report.expected();
            findings = (long) report.findings().size() + report.unexamined();
            tell(report);
        } catch (InterruptException e) {
            throw new InterruptedException();
        } catch (KafkaException | ExecutionException e) {
            failures.incrementAndGet();
            LOG.debug("The ledger cannot be counted now", e);
        } finally {
            took = Duration.ofNanos(System.nanoTime() - began);
            pause = RecountPause.after(took, settings.auditInterval());
        }
    }

    private void tell(LedgerAudit.Report report) throws ExecutionException, InterruptedException {
        if (told.size() > REMEMBERED) {
            told.clear();
        }
        for (Recount.Finding finding : report.findings()) {
            if (told.add(finding)) {
                LOG.error(
                        "A tick has not exactly one decision: kind={} schedule={} tick={} detail={}",
                        finding.kind(),
                        finding.schedule(),
                        finding.tick(),
                        finding.detail());
                alarm(finding);
            }
        }
    }

    private void alarm(Recount.Finding finding) throws ExecutionException, InterruptedException {
        String topic = settings.topics().scheduleEvents();
        ScheduleEvent event = ScheduleEvent.newBuilder()
                .setType(ScheduleEventType.ALARM)
                .setSchedule(finding.schedule())
                .setAt(clock.instant())
                .setWriter("scheduler/audit")
                .setReason(finding.kind() + " " + finding.tick() + ": " + finding.detail())
                .build();
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                        new HashMap<>(kafka), new ByteArraySerializer(), new ByteArraySerializer());
                Serializer<ScheduleEvent> serializer = serdes.serializer(ScheduleEvent.class)) {
            producer.send(new ProducerRecord<>(
                            topic,
                            finding.schedule().getBytes(StandardCharsets.UTF_8),
                            serializer.serialize(topic, event)))
                    .get();
        }
    }

    @Override
    public long getAudits() {
        return audits.get();
    }

    @Override
    public long getFailures() {
        return failures.get();
    }

    @Override
    public long getExpected() {
        return expected;
    }

    @Override
    public long getFindings() {
        return findings;
    }

    @Override
    public long getTookMs() {
        return took.toMillis();
    }

    @Override
    public long getPauseMs() {
        return pause.toMillis();
    }

    @Override
    public void close() {
        watch.close();
        if (seen) {
            try {
                ManagementFactory.getPlatformMBeanServer().unregisterMBean(new ObjectName(NAME));
            } catch (JMException e) {
                LOG.warn("The auditor's counters stay in JMX", e);
            }
        }
    }
}
