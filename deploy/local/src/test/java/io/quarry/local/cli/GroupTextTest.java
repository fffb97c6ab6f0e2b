package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.OnMemory;
import io.quarry.avro.Pause;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class GroupTextTest {
    private static ResourceGroup group(String name, @Nullable String next) {
        return ResourceGroup.newBuilder()
                .setName(name)
                .setWorker(new Resources(1L, 1L, 1L))
                .setOnMemory(new OnMemory(next, 2.0))
                .build();
    }

    @Test
    void ofOneJobItIsSaidInTheSingular() {
        assertThat(GroupText.occupied("a", 1)).startsWith("group a has 1 job that waits or runs: say with --move-to");
        assertThat(GroupText.occupied("a", 2)).startsWith("group a has 2 jobs that wait or run: say with --move-to");
        assertThat(GroupText.running("a", 1)).isEqualTo("1 job of group a still runs");
        assertThat(GroupText.running("a", 1200)).isEqualTo("1,200 jobs of group a still run");
    }

    @Test
    void aGroupThatStaysPausedSaysSoAndWhatTakesThatBack() {
        assertThat(GroupText.paused("a", null)).contains("is paused now").contains("'quarry groups resume a'");
        assertThat(GroupText.paused("a", pause("ann", false)))
                .isEqualTo("group a stays, paused by ann as it was, and its workers leave");
    }

    @Test
    void aPauseThatSomebodyMadeStaysTheirsWhenTheWorkersAreSentAway() {
        assertThat(GroupsPauseCommand.andSendAway(pause("ann", false), pause("bob", true)))
                .isEqualTo(pause("ann", true));
        assertThat(GroupsPauseCommand.andSendAway(null, pause("bob", true))).isEqualTo(pause("bob", true));
    }

    private static Pause pause(String by, boolean workersLeave) {
        return new Pause(by, "said by " + by, Instant.EPOCH, workersLeave);
    }

    @Test
    void groupsThatSendJobsToOneThatIsGoneAreNamed() {
        ResourceGroup own = group("large", null);
        assertThat(GroupText.missed("large", List.of(own, group("huge", null), group("z", "huge"))))
                .isEmpty();
        assertThat(GroupText.missed("large", List.of(own, group("small", "large"))))
                .contains(
                        "on_memory.group of group small is large: until there is such a group again, their jobs that run"
                                + " out of memory are not moved");
        assertThat(GroupText.missed("large", List.of(group("small", "large"), group("default", "large"))))
                .hasValueSatisfying(said -> assertThat(said).startsWith("on_memory.group of groups default, small is"));
    }
}
