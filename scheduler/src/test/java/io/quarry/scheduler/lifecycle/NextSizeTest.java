package io.quarry.scheduler.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.CauseType;
import io.quarry.avro.Job;
import io.quarry.avro.JobState;
import io.quarry.avro.OnMemory;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.State;
import io.quarry.schemas.Placement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NextSizeTest {
    private static final long GIB = 1L << 30;
    private static final ResourceGroup LARGE = group("large", 8, 0).build();

    @Test
    void aLargerGroupIsNextAndItsWorkerIsTheSize() {
        RetryPolicy policy = policy(group("small", 2, 64).setOnMemory(new OnMemory("large", 2.0)), LARGE);

        NextSize.Larger next = larger(row("small", new Resources(500L, GIB, null), false), policy);

        assertThat(next.oversize()).isFalse();
        assertThat(next.job().getResourceGroup()).isEqualTo("large");
        assertThat(next.job().getResources()).isNull();
        assertThat(next.words()).isEqualTo("on a worker of group large (cpu 4, memory 8Gi, ephemeral storage 10Gi)");
    }

    @Test
    void withoutALargerGroupAProcessHasTheFactorsMemoryAndTheRestAsAsked() {
        RetryPolicy policy = policy(group("small", 2, 64).setOnMemory(new OnMemory(null, 3.0)), null);

        NextSize.Larger next = larger(row("small", new Resources(500L, GIB, null), false), policy);

        assertThat(next.oversize()).isTrue();
        assertThat(next.job().getResources()).isEqualTo(new Resources(500L, 6 * GIB, 10 * GIB));
    }

    @Test
    void theLastStepIsTheCeilingItself() {
        RetryPolicy policy = policy(group("small", 2, 5).setOnMemory(new OnMemory(null, 2.0)), null);

        NextSize.Larger second = larger(row("small", new Resources(500L, 4 * GIB, null), true), policy);
        NextSize third =
                NextSize.of(row("small", new Resources(500L, 5 * GIB, null), true), CauseType.OOM_KILLED, policy);

        assertThat(second.job().getResources().getMemoryBytes()).isEqualTo(5 * GIB);
        assertThat(third).isEqualTo(new NextSize.None("it had 5Gi, and the ceiling of group small is 5Gi"));
    }

    @Test
    void aGroupThatIsNotLargerOrGivesNoFurtherAttemptIsPassedOver() {
        JobState row = row("small", null, false);
        ResourceGroup once = group("large", 8, 0).setMaxAttempts(1).build();
        for (ResourceGroup next : List.of(group("large", 2, 0).build(), once)) {
            RetryPolicy policy = policy(group("small", 2, 64).setOnMemory(new OnMemory("large", 2.0)), next);
            assertThat(larger(row, policy).oversize()).isTrue();
        }
    }

    @Test
    void aJobMayAskForItOrKeepToItsSize() {
        RetryPolicy silent = policy(group("small", 2, 64), null);
        RetryPolicy asking = policy(group("small", 2, 64).setOnMemory(new OnMemory(null, 2.0)), null);
        JobState asks = row(job().setOnMemory("larger"));
        JobState stays = row(job().setOnMemory("stay"));

        assertThat(larger(asks, silent).job().getResources().getMemoryBytes()).isEqualTo(4 * GIB);
        assertThat(NextSize.of(stays, CauseType.OOM_KILLED, asking)).isEqualTo(new NextSize.NotAsked());
        assertThat(NextSize.of(row("small", null, false), CauseType.OOM_KILLED, silent))
                .isEqualTo(new NextSize.NotAsked());
        assertThat(NextSize.of(asks, CauseType.OOM_KILLED, RetryPolicy.OF_UNKNOWN_GROUP))
                .isEqualTo(new NextSize.None("resource group small is not known"));
    }

    @Test
    void aCauseThatIsRuledOutByNameIsNotTriedAgainWithMore() {
        JobState row = row(job().setNoRetryOn(List.of("MEMORY_LIMIT")));
        RetryPolicy policy = policy(group("small", 2, 64).setOnMemory(new OnMemory(null, 2.0)), null);
        RetryPolicy ruledOut = policy(
                group("small", 2, 64).setOnMemory(new OnMemory(null, 2.0)).setNoRetryOn(List.of("OOM_KILLED")), null);

        assertThat(NextSize.of(row, CauseType.MEMORY_LIMIT, policy)).isEqualTo(new NextSize.NotAsked());
        assertThat(NextSize.of(row, CauseType.OOM_KILLED, policy)).isInstanceOf(NextSize.Larger.class);
        assertThat(NextSize.of(row, CauseType.OOM_KILLED, ruledOut)).isEqualTo(new NextSize.NotAsked());
        JobState asks = row(job().setRetryOn(List.of("OOM_KILLED")));
        assertThat(NextSize.of(asks, CauseType.OOM_KILLED, ruledOut)).isInstanceOf(NextSize.Larger.class);
    }

    @ParameterizedTest
    @EnumSource(
            value = CauseType.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"MEMORY_LIMIT", "OOM_KILLED"})
    void noOtherCauseIsMendedByMemory(CauseType cause) {
        RetryPolicy policy = policy(group("small", 2, 64).setOnMemory(new OnMemory(null, 2.0)), null);
        assertThat(NextSize.of(row("small", null, false), cause, policy)).isEqualTo(new NextSize.NotAsked());
    }

    /** Random groups that name each other at random: each step is larger, fits where it goes, and there is a last one. */
    @Test
    void everyLadderEnds() {
        SplittableRandom random = new SplittableRandom(7);
        for (int round = 0; round < 2000; round++) {
            Map<String, ResourceGroup> groups = new HashMap<>();
            for (int g = 0; g < 4; g++) {
                long own = random.nextLong(1, 40);
                long most = random.nextInt(3) == 0 ? 0 : own + random.nextLong(1, 60);
                String next = random.nextBoolean() && most > 0 ? null : "g" + (g + random.nextInt(1, 4)) % 4;
                groups.put(
                        "g" + g,
                        group("g" + g, own, most)
                                .setMaxAttempts(100)
                                .setOnMemory(new OnMemory(next, random.nextDouble(1.1, 4)))
                                .build());
            }
            JobState row = row("g0", null, false);
            long had = 0;
            int steps = 0;
            while (true) {
                ResourceGroup group = groups.get(row.getJob().getResourceGroup());
                RetryPolicy policy = RetryPolicy.of(group, groups.get(RetryPolicy.largerOf(group)));
                NextSize next = NextSize.of(row, CauseType.MEMORY_LIMIT, policy);
                if (!(next instanceof NextSize.Larger larger)) {
                    assertThat(next).isInstanceOf(NextSize.None.class);
                    break;
                }
                ResourceGroup there =
                        Objects.requireNonNull(groups.get(larger.job().getResourceGroup()));
                Placement place = Placement.of(larger.job().getResources(), there);
                assertThat(place).isInstanceOf(larger.oversize() ? Placement.Oversize.class : Placement.Queue.class);
                long has = place instanceof Placement.Oversize process
                        ? process.size().getMemoryBytes()
                        : there.getWorker().getMemoryBytes();
                assertThat(has).isGreaterThan(had);
                had = has;
                row = Rows.edit(row)
                        .setJob(larger.job())
                        .setOversize(larger.oversize())
                        .build();
                assertThat(++steps).isLessThan(100);
            }
        }
    }

    private static NextSize.Larger larger(JobState row, RetryPolicy policy) {
        return (NextSize.Larger) NextSize.of(row, CauseType.MEMORY_LIMIT, policy);
    }

    private static RetryPolicy policy(ResourceGroup.Builder group, @Nullable ResourceGroup larger) {
        return RetryPolicy.of(group.build(), larger);
    }

    private static ResourceGroup.Builder group(String name, long gib, long most) {
        return ResourceGroup.newBuilder()
                .setName(name)
                .setWorker(new Resources(4000L, gib * GIB, 10 * GIB))
                .setOversizeCeiling(most == 0 ? null : new Resources(null, most * GIB, null));
    }

    private static Job.Builder job() {
        return Job.newBuilder(Samples.job()).setResourceGroup("small");
    }

    private static JobState row(Job.Builder job) {
        return Lifecycle.first(job.build(), Samples.T0, State.RUNNING).build();
    }

    private static JobState row(String group, @Nullable Resources asked, boolean oversize) {
        Job.Builder job = job().setResourceGroup(group).setResources(asked);
        return Lifecycle.first(job.build(), Samples.T0, State.RUNNING)
                .setOversize(oversize)
                .build();
    }
}
