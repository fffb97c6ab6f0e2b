package io.quarry.local.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class ScheduleTest {
    private static final Duration LEASE = Duration.ofSeconds(2);

    @Test
    void theSameSeedGivesTheSameSchedule() {
        assertThat(schedule(7, all())).isEqualTo(schedule(7, all()));
        assertThat(schedule(7, all())).isNotEqualTo(schedule(8, all()));
    }

    @Test
    void theScheduleOfASeedNeverChanges() {
        assertThat(schedule(1, all()).faults())
                .startsWith(new Fault(Duration.ofMillis(3985), FaultKind.KILL_BROKER, 0, Duration.ofMillis(3562)));
    }

    @Test
    void everyKindComesOnceBeforeAnyComesTwice() {
        Set<FaultKind> seen = new HashSet<>();
        schedule(3, all()).faults().stream()
                .limit(FaultKind.values().length)
                .forEach(fault -> assertThat(seen.add(fault.kind())).isTrue());
        assertThat(seen).hasSize(FaultKind.values().length);
    }

    @Test
    void faultsLieInTheLoadAndLastLongerThanALease() {
        assertThat(schedule(5, all()).faults()).hasSizeGreaterThan(20).allSatisfy(fault -> {
            assertThat(fault.at()).isPositive().isLessThan(Duration.ofMinutes(2));
            assertThat(fault.length()).isGreaterThan(LEASE).isLessThanOrEqualTo(LEASE.multipliedBy(4));
            assertThat(fault.target()).isBetween(0, 2);
        });
    }

    @Test
    void onlyTheKindsAskedForCome() {
        assertThat(schedule(5, EnumSet.of(FaultKind.POISON)).faults())
                .isNotEmpty()
                .allMatch(fault -> fault.kind() == FaultKind.POISON);
        assertThat(schedule(5, Set.of()).faults()).isEmpty();
    }

    private static Set<FaultKind> all() {
        return EnumSet.allOf(FaultKind.class);
    }

    private static Schedule schedule(long seed, Set<FaultKind> kinds) {
        return Schedule.of(seed, Duration.ofMinutes(2), kinds, 3, 2, LEASE, ChaosSettings.GAP);
    }
}
