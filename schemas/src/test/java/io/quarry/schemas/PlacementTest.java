package io.quarry.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PlacementTest {
    private static final long GI = 1L << 30;
    private static final Resources WORKER = new Resources(2000L, 4 * GI, 20 * GI);
    private static final Resources CEILING = new Resources(16000L, 64 * GI, 100 * GI);

    @Test
    void aJobThatAsksForNothingIsQueued() {
        assertThat(Placement.of(null, group(WORKER, null))).isEqualTo(new Placement.Queue());
        assertThat(Placement.of(new Resources(), group(WORKER, null))).isEqualTo(new Placement.Queue());
    }

    @Test
    void aJobOfExactlyAWorkersSizeIsQueued() {
        assertThat(Placement.of(WORKER, group(WORKER, CEILING))).isEqualTo(new Placement.Queue());
    }

    @Test
    void aLargerJobGetsAProcessOfItsOwnAndTheRestOfAWorkersSize() {
        assertThat(Placement.of(new Resources(null, 8 * GI, null), group(WORKER, CEILING)))
                .isEqualTo(new Placement.Oversize(new Resources(2000L, 8 * GI, 20 * GI)));
    }

    @Test
    void withoutLargerProcessesALargerJobIsRefusedWithTheNearestSize() {
        Placement placement = Placement.of(new Resources(1000L, 450 * GI, null), group(WORKER, null));
        assertThat(placement).isInstanceOfSatisfying(Placement.Refused.class, refused -> {
            assertThat(refused.nearest()).isEqualTo(new Resources(1000L, 4 * GI, 20 * GI));
            assertThat(refused.reason())
                    .isEqualTo(
                            "memory 450Gi is more than 4Gi, the size of one worker of group small, which has no larger"
                                    + " ones (worker: cpu 2, memory 4Gi, ephemeral storage 20Gi). The nearest size is cpu 1,"
                                    + " memory 4Gi, ephemeral storage 20Gi.");
        });
    }

    @Test
    void aJobOverTheCeilingIsRefused() {
        assertThat(Placement.of(new Resources(null, 65 * GI, null), group(WORKER, CEILING)))
                .isInstanceOf(Placement.Refused.class);
    }

    @Test
    void underACeilingThatIsLowerThanAWorkerTheNearestSizeIsTheOneThatTakesLeast() {
        ResourceGroup group = group(WORKER, new Resources(1000L, 64 * GI, null));

        assertThat(nearest(new Resources(3000L, null, null), group)).isEqualTo(WORKER);
        assertThat(nearest(new Resources(null, 8 * GI, null), group)).isEqualTo(new Resources(1000L, 8 * GI, 20 * GI));
        assertThat(nearest(new Resources(9000L, 5 * GI, null), group)).isEqualTo(new Resources(2000L, 4 * GI, 20 * GI));
    }

    @Test
    void aGroupWithoutASizeIsAMistakeOfItsOwner() {
        assertThatThrownBy(() -> Placement.of(null, group(new Resources(1000L, null, 1L), null)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("worker.memory_bytes of group small");
    }

    @Test
    void everyJobOfEveryGroupIsPlacedWhereItFitsAndAlwaysTheSame() {
        for (int seed = 0; seed < 100_000; seed++) {
            Random random = new Random(seed);
            Resources worker = new Resources(some(random), some(random), some(random));
            Resources ceiling = random.nextBoolean() ? null : maybe(random, 1);
            Resources asked = random.nextInt(20) == 0 ? null : maybe(random, -1);
            ResourceGroup group = group(worker, ceiling);

            Placement placement = Placement.of(asked, group);

            assertThat(Placement.of(asked, group)).as("seed %d", seed).isEqualTo(placement);
            Resources whole = filled(asked, worker);
            if (placement instanceof Placement.Queue) {
                assertThat(fits(whole, worker)).as("seed %d", seed).isTrue();
            } else if (placement instanceof Placement.Oversize oversize) {
                assertThat(oversize.size()).as("seed %d", seed).isEqualTo(whole);
                assertThat(fits(whole, worker)).as("seed %d", seed).isFalse();
                assertThat(fits(whole, filled(ceiling, worker)))
                        .as("seed %d", seed)
                        .isTrue();
            } else if (placement instanceof Placement.Refused refused) {
                assertThat(fits(whole, worker)).as("seed %d", seed).isFalse();
                assertThat(Placement.of(refused.nearest(), group))
                        .as("seed %d: the nearest size is placed", seed)
                        .isNotInstanceOf(Placement.Refused.class);
            }
        }
    }

    private static Resources nearest(Resources asked, ResourceGroup group) {
        return ((Placement.Refused) Placement.of(asked, group)).nearest();
    }

    private static long some(Random random) {
        return 1L + random.nextInt(8);
    }

    private static Resources maybe(Random random, long least) {
        return new Resources(field(random, least), field(random, least), field(random, least));
    }

    private static @Nullable Long field(Random random, long least) {
        return random.nextInt(4) == 0 ? null : least + random.nextInt(12);
    }

    private static Resources filled(@Nullable Resources asked, Resources worker) {
        return asked == null
                ? worker
                : new Resources(
                        asked.getCpuMillis() == null ? worker.getCpuMillis() : asked.getCpuMillis(),
                        asked.getMemoryBytes() == null ? worker.getMemoryBytes() : asked.getMemoryBytes(),
                        asked.getEphemeralStorageBytes() == null
                                ? worker.getEphemeralStorageBytes()
                                : asked.getEphemeralStorageBytes());
    }

    private static boolean fits(Resources job, Resources process) {
        return within(job.getCpuMillis(), process.getCpuMillis())
                && within(job.getMemoryBytes(), process.getMemoryBytes())
                && within(job.getEphemeralStorageBytes(), process.getEphemeralStorageBytes());
    }

    private static boolean within(long asked, long most) {
        return asked >= 1 && asked <= most;
    }

    private static ResourceGroup group(Resources worker, @Nullable Resources ceiling) {
        return ResourceGroup.newBuilder()
                .setName("small")
                .setWorker(worker)
                .setOversizeCeiling(ceiling)
                .build();
    }
}
