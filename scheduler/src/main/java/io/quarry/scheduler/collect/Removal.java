package io.quarry.scheduler.collect;

import io.quarry.avro.JobState;
import io.quarry.schemas.DatasetLayout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does what was decided about a job's directories. What fails is logged, counted and left for the next sweep. */
final class Removal {
    private static final Logger LOG = LoggerFactory.getLogger(Removal.class);

    private final Datasets datasets;
    private final Tally tally;

    Removal(Datasets datasets, Tally tally) {
        this.datasets = datasets;
        this.tally = tally;
    }

    /** Points to what a final row publishes and removes what it does not. The pointer comes first. */
    void collect(JobState row) {
        String id = row.getJob().getId();
        String directory = DatasetLayout.ofJob(id);
        try {
            Collection decided = Collection.of(row, datasets.ofJob(directory));
            if (decided.pointer().isPresent()
                    && datasets.point(decided.pointer().get())) {
                tally.pointers.incrementAndGet();
            }
            for (String claim : decided.garbage()) {
                if (datasets.remove(directory, claim)) {
                    tally.removed.incrementAndGet();
                    LOG.info("Directory removed, its job is {} jobId={} directory={}", row.getState(), id, claim);
                }
            }
        } catch (IOException | UncheckedIOException e) {
            tally.failures.incrementAndGet();
            LOG.warn("Directories cannot be collected, the next sweep tries again jobId={}", id, e);
        }
    }

    /**
     * Removes what a job without a row left unfinished, when nothing was written to it since an instant. A whole dataset is kept
     * for ever: it may be the published one, which only a person may give up.
     */
    void collectOrphan(String id, Instant notSince) {
        String directory = DatasetLayout.ofJob(id);
        try {
            for (String claim : datasets.ofJob(directory)) {
                if (!DatasetLayout.isClaim(claim) || datasets.isWhole(directory, claim)) {
                    continue;
                }
                Optional<Instant> written = datasets.lastWritten(directory, claim);
                if (written.isPresent() && written.get().isBefore(notSince) && datasets.remove(directory, claim)) {
                    tally.removed.incrementAndGet();
                    tally.orphans.incrementAndGet();
                    LOG.info("Directory removed, its job has no row any more jobId={} directory={}", id, claim);
                }
            }
        } catch (IOException | UncheckedIOException e) {
            tally.failures.incrementAndGet();
            LOG.warn("Directories cannot be collected, the next sweep tries again jobId={}", id, e);
        }
    }
}
