package io.quarry.local.cli;

import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleEventType;
import io.quarry.avro.ScheduleTick;
import io.quarry.local.LocalMode;
import io.quarry.local.LocalSettings;
import io.quarry.scheduler.trigger.LedgerAudit;
import io.quarry.schemas.schedule.Ticks;
import io.quarry.schemas.serde.WireSerdes;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** One run of a schedule through its whole life, by a time that is faster than real time. */
final class ScheduleDemo {
    private static final DateTimeFormatter LOCAL = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm", Locale.ROOT);
    private static final Duration REACH = Duration.ofSeconds(30);
    /** So long after its start the scheduler stops, and so long it is away; in the schedule's time. */
    private static final Duration UNTIL_OUTAGE = Duration.ofHours(19 * 24 + 12);

    private static final Duration OUTAGE = Duration.ofDays(3);

    private final Console console;
    private final LocalSettings settings;
    private final Schedule schedule;
    private final Ticks ticks;
    private final Instant first;
    private final Instant last;
    private final VirtualTime time;
    private final Interruption interruption;
    private final Set<ScheduleTick> told = new HashSet<>();
    private Instant news;

    /**
     * A run.
     *
     * @param schedule has a start and an end
     * @param day how long a day of it takes
     */
    ScheduleDemo(Console console, LocalSettings settings, Schedule schedule, Duration day, Interruption interruption) {
        this.console = console;
        this.settings = settings;
        this.schedule = schedule;
        this.ticks = Ticks.of(schedule);
        this.first = Objects.requireNonNull(schedule.getStart());
        this.last = Objects.requireNonNull(schedule.getEnd());
        this.time = new VirtualTime(first, day);
        this.interruption = interruption;
        this.news = console.clock().instant();
    }

    ScheduleDemoReport run() {
        Instant began = now();
        try (ProgressView view = new ProgressView(console)) {
            LocalMode local = LocalMode.start(settings, new LocalStart(view, interruption), time);
            try {
                Connection to = new Connection(local.settings(), "the demo's own broker");
                try (ScheduleTopics topics = ScheduleTopics.open(to, REACH)) {
                    define(topics);
                    rehearse(local, topics, view);
                    time.begin(now());
                    List<ScheduleTick> ledger = follow(local, topics, view);
                    LedgerAudit.Report audit = audit(to);
                    return new ScheduleDemoReport(schedule, ticks, ledger, audit, Duration.between(began, now()));
                }
            } finally {
                // Set when Ctrl-C is the reason; closing has to be able to wait.
                Thread.interrupted();
                view.waiting("stopping");
                local.close();
            }
        }
    }

    private Instant now() {
        return console.clock().instant();
    }

    /** Makes the schedule and waits until the scheduler has it. */
    private void define(ScheduleTopics topics) {
        topics.define(schedule);
        while (topics.state(schedule.getName()) == null) {
            pause();
        }
    }

    /** Runs the job once by hand while time still stands: the first run of a worker takes longer than all others. */
    private void rehearse(LocalMode local, ScheduleTopics topics, ProgressView view) {
        topics.event(SchedulesCommand.event(ScheduleEventType.TRIGGER, schedule.getName(), console)
                .setAt(first)
                .setRequest("rehearsal")
                .build());
        while (look(local, topics, view).stream().noneMatch(LedgerText::over)) {
            pause();
        }
    }

    /** Lets time pass until nothing more will become of any tick; the ledger then. */
    private List<ScheduleTick> follow(LocalMode local, ScheduleTopics topics, ProgressView view) {
        // With the rehearsal.
        int expected = 1 + ticks.count(first, last, Integer.MAX_VALUE);
        Instant outage = first.plus(UNTIL_OUTAGE);
        boolean away = false;
        boolean back = false;
        while (true) {
            Instant virtual = time.at(now());
            if (!away && !virtual.isBefore(outage)) {
                say(view, virtual, "the scheduler stops");
                local.stopScheduler();
                away = true;
            } else if (away && !back && !virtual.isBefore(outage.plus(OUTAGE))) {
                say(view, virtual, "the scheduler starts again");
                local.startScheduler();
                back = true;
            }
            List<ScheduleTick> ledger = look(local, topics, view);
            if (back && ledger.size() >= expected && ledger.stream().allMatch(LedgerText::over)) {
                return ledger;
            }
            if (console.errTerminal()) {
                view.waiting(local(virtual.isBefore(last) ? virtual : last) + "  " + LedgerText.strip(ledger));
            }
            pause();
        }
    }

    /** The ledger as it is, in the order of ticks; says what is new in it, and gives up when nothing has been for long. */
    private List<ScheduleTick> look(LocalMode local, ScheduleTopics topics, ProgressView view) {
        List<ScheduleTick> ledger = LedgerText.latest(topics.ticks(schedule.getName())).stream()
                .sorted(Comparator.comparing(ScheduleTick::getTick))
                .toList();
        for (ScheduleTick row : ledger) {
            if (told.add(row)) {
                news = now();
                String what = row.getState() != null
                        ? LedgerText.ended(row).toLowerCase(Locale.ROOT)
                        : LedgerText.outcome(row) + (row.getCause().isEmpty() ? "" : ": " + row.getCause());
                say(view, row.getTick(), what);
            }
        }
        refuseHopeless(local, Duration.between(news, now()));
        return ledger;
    }

    private void say(ProgressView view, Instant virtual, String what) {
        view.clear();
        console.say(local(virtual) + "  " + what);
    }

    private String local(Instant instant) {
        return LOCAL.format(instant.atZone(ticks.zone()));
    }

    private void refuseHopeless(LocalMode local, Duration silence) {
        if (local.ended().isCompletedExceptionally()) {
            local.ended().join();
        }
        DemoWatch.hopeless(local.workers(), silence).ifPresent(why -> {
            throw CommandFailure.failed(
                    why.text()
                            + (why.worker().isEmpty() ? "" : ". The end of its log:\n" + local.logTail(why.worker())),
                    new IllegalStateException(why.text()));
        });
    }

    private LedgerAudit.Report audit(Connection to) {
        Map<String, String> kafka = new LinkedHashMap<>();
        to.kafka().forEach((name, value) -> kafka.put(name, String.valueOf(value)));
        return new LedgerAudit(to.topics(), kafka, WireSerdes.of(to.settings()))
                .run(Instant.EPOCH, time.at(now()), OUTAGE.multipliedBy(2));
    }

    /** Waits a moment, unless the process was asked to end. */
    private void pause() {
        interruption.check();
        try {
            TimeUnit.MILLISECONDS.sleep(100);
        } catch (InterruptedException e) {
            interruption.check();
            throw new IllegalStateException("interrupted by nobody", e);
        }
    }
}
