package io.quarry.scheduler.lifecycle;

import io.quarry.avro.CommandType;
import io.quarry.avro.JobState;
import io.quarry.avro.Owner;
import io.quarry.avro.Source;
import io.quarry.avro.State;
import io.quarry.schemas.States;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The rows that an exploration met, by number, and what the state machine answers each of them: asked once for each pair of row
 * and event. Row 0 is the job that nobody knows. A final row is held against every event there is, so that nothing that
 * follows it has to be explored.
 */
final class RowBook {
    private static final Instant LATE = Samples.job().getCompleteBy();

    /** What a step made of a row: the claims by the names that they had before it. */
    record Turn(int row, int owner, int lostOwner, int ownedAttempt, List<Integer> appended, List<Integer> fenced) {}

    private final Exploration.Machine machine;
    private final List<@Nullable JobState> rows = new ArrayList<>();
    private final Map<String, Integer> numbers = new HashMap<>();
    private final Map<Long, Turn> turns = new HashMap<>();

    RowBook(Exploration.Machine machine) {
        this.machine = machine;
        rows.add(null);
    }

    @Nullable JobState row(int number) {
        return rows.get(number);
    }

    State stateOf(int number) {
        JobState row = rows.get(number);
        return row == null ? State.UNKNOWN : row.getState();
    }

    boolean isFinal(int number) {
        JobState row = rows.get(number);
        return row != null && States.isFinal(row.getState());
    }

    String text(int number) {
        JobState row = rows.get(number);
        return row == null ? "unknown" : key(row);
    }

    Turn turn(int number, int event, boolean late) {
        return turns.computeIfAbsent((long) number << 20 | (long) event << 1 | (late ? 1 : 0), k -> {
            Step step = machine.next(rows.get(number), Wording.event(event), late ? LATE : Samples.T0);
            JobState after = step.state();
            Owner owner = after == null ? null : after.getOwner();
            Owner lost = after == null ? null : after.getLostOwner();
            return new Turn(
                    after == null ? 0 : number(after),
                    owner == null ? 0 : Wording.claim(owner.getClaim()),
                    lost == null ? 0 : Wording.claim(lost.getClaim()),
                    owner == null ? 0 : owner.getAttempt(),
                    step.effects().stream()
                            .filter(Effect.AppendRetry.class::isInstance)
                            .map(e -> ((Effect.AppendRetry) e).job().getAttempt())
                            .toList(),
                    step.effects().stream()
                            .filter(e -> e instanceof Effect.Tell tell && tell.type() != CommandType.GRANT)
                            .map(e -> Wording.claim(((Effect.Tell) e).claim()))
                            .toList());
        });
    }

    private int number(JobState row) {
        JobState.Builder same = Rows.edit(row).setHistory(List.of());
        if (row.getOwner() != null) {
            same.setOwner(named(row.getOwner(), Situation.OWNER));
        }
        if (row.getLostOwner() != null) {
            same.setLostOwner(named(row.getLostOwner(), Situation.LOST_OWNER));
        }
        JobState canonical = same.build();
        String key = key(canonical);
        Integer number = numbers.get(key);
        if (number == null) {
            number = rows.size();
            numbers.put(key, number);
            rows.add(canonical);
            if (States.isFinal(canonical.getState())) {
                staysAsItIs(canonical);
            }
        }
        return number;
    }

    private static Owner named(Owner owner, int claim) {
        return Owner.newBuilder(owner).setClaim(Wording.name(claim)).build();
    }

    /** Whatever is still under way when a job is final, and in whatever order it comes: the row's state and owner stay. */
    private void staysAsItIs(JobState row) {
        for (int type = 0; type < Wording.TYPES; type++) {
            for (int claim = 1; claim <= Situation.LOST_OWNER + 1; claim++) {
                for (int attempt = 1; attempt <= row.getHighestAttempt() + 1; attempt++) {
                    for (int place = 0; place < 8; place++) {
                        Event event = Wording.event(Wording.event(type, claim, attempt, place & 1, place >> 1));
                        staysAsItIs(row, event, Samples.T0);
                        staysAsItIs(row, event, LATE);
                    }
                }
            }
        }
    }

    private void staysAsItIs(JobState row, Event event, Instant now) {
        JobState after = machine.next(row, event, now).state();
        if (after == null || after.getState() != row.getState()) {
            throw new Exploration.Broken("a final state was left by " + event);
        }
        if (!Objects.equals(after.getOwner(), row.getOwner())) {
            throw new Exploration.Broken("a second result by " + event);
        }
        if (!key(after).equals(key(row))) {
            throw new Exploration.Broken("a final row was changed by " + event);
        }
    }

    /** All of a row that an event's answer depends on. */
    private static String key(JobState row) {
        boolean over = States.isFinal(row.getState());
        return row.getState() + " " + row.getAttempt() + '/' + row.getHighestAttempt() + ' ' + row.getCharged()
                + owner(row.getOwner()) + owner(row.getLostOwner()) + source(row.getSource()) + row.getEnqueued()
                + row.getRequeues() + row.getNeverStarted() + (over ? "" : source(row.getSubmittedSource()));
    }

    private static String owner(@Nullable Owner owner) {
        return owner == null ? "-" : owner.getClaim() + '.' + owner.getAttempt() + owner.getStarted();
    }

    private static String source(@Nullable Source source) {
        return source == null ? "-" : source.getTopic().charAt(7) + "" + source.getOffset() + ' ';
    }

    boolean waitsInRetries(int number) {
        JobState row = rows.get(number);
        return row != null
                && row.getSource() != null
                && row.getSource().getTopic().equals(Samples.RETRIES);
    }
}
