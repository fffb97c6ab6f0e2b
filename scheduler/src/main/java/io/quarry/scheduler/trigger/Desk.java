package io.quarry.scheduler.trigger;

import io.quarry.avro.Backfill;
import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleState;
import io.quarry.schemas.schedule.Ticks;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One schedule while something is decided about it: its rule, and where it stands. */
final class Desk {
    private final Rule rule;
    private final ScheduleState.Builder state;
    private boolean changed;

    /**
     * A definition, read once.
     *
     * @param jitter by how much all its ticks are moved
     */
    record Rule(Schedule schedule, Ticks ticks, Duration jitter) {
        static Rule of(Schedule schedule) {
            return new Rule(schedule, Ticks.of(schedule), Jitter.of(schedule));
        }
    }

    Desk(Rule rule, ScheduleState.Builder state) {
        this.rule = rule;
        this.state = state;
    }

    /** A schedule that is seen for the first time: it expects nothing before this instant. */
    static Desk begin(Rule rule, Instant since) {
        Desk desk = new Desk(
                rule,
                ScheduleState.newBuilder()
                        .setName(rule.schedule.getName())
                        .setRule(Ticks.fingerprint(rule.schedule))
                        .setSince(since)
                        .setCursor(since));
        desk.changed = true;
        return desk;
    }

    /** The same schedule under another rule, which counts from this instant when it expects other ticks. */
    Desk under(Rule next, Instant since) {
        String fingerprint = Ticks.fingerprint(next.schedule);
        if (!fingerprint.equals(state.getRule())) {
            Instant from = since.isAfter(state.getCursor()) ? since : state.getCursor();
            state.setRule(fingerprint).setSince(from).setCursor(from);
        }
        // Which of the missed ticks run was found by the old one.
        state.setCatchUpFrom(null);
        Desk desk = new Desk(next, state);
        desk.changed = true;
        return desk;
    }

    Rule rule() {
        return rule;
    }

    String name() {
        return rule.schedule.getName();
    }

    Schedule schedule() {
        return rule.schedule;
    }

    Ticks ticks() {
        return rule.ticks;
    }

    Duration jitter() {
        return rule.jitter;
    }

    Instant cursor() {
        return state.getCursor();
    }

    void setCursor(Instant tick) {
        state.setCursor(tick);
        changed = true;
    }

    @Nullable Instant catchUpFrom() {
        return state.getCatchUpFrom();
    }

    void setCatchUpFrom(@Nullable Instant from) {
        state.setCatchUpFrom(from);
        changed = true;
    }

    /** Why it is paused, by its definition or by an event; null while it runs. */
    @Nullable String paused() {
        return rule.schedule.getPaused() != null ? rule.schedule.getPaused() : state.getPaused();
    }

    void pause(String reason, Instant at) {
        state.setPaused(reason).setPausedAt(at);
        changed = true;
    }

    void resume() {
        state.setPaused(null).setPausedAt(null).setFailures(0);
        changed = true;
    }

    /** Counts a failed run; true when that was the last one that is allowed. */
    boolean failed() {
        state.setFailures(state.getFailures() + 1);
        changed = true;
        int most = rule.schedule.getMaxFailures();
        return most > 0 && state.getFailures() >= most;
    }

    void succeeded() {
        if (state.getFailures() > 0) {
            state.setFailures(0);
            changed = true;
        }
    }

    int failures() {
        return state.getFailures();
    }

    List<Backfill> backfills() {
        return List.copyOf(state.getBackfills());
    }

    void setBackfills(List<Backfill> backfills) {
        state.setBackfills(new ArrayList<>(backfills));
        changed = true;
    }

    boolean changed() {
        return changed;
    }

    /** When it is to be looked at next; null for never. */
    @Nullable Instant due() {
        Instant tick = rule.ticks.next(state.getCursor());
        return tick == null ? null : tick.plus(rule.jitter);
    }

    ScheduleState row() {
        return state.setVersion(state.getVersion() + 1).build();
    }
}
