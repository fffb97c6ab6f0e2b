package io.quarry.scheduler.collect;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarry.avro.JobState;
import io.quarry.avro.Manifest;
import io.quarry.avro.Owner;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What dataset.json says: which of a job's directories was published. Made from the row alone, so that whoever writes it writes
 * the same.
 *
 * @param job id of the job
 * @param jobDirectory name of its directory below the directory of all datasets
 * @param attempt attempt that was published
 * @param claim its claim
 * @param directory name of the claim's directory within the job's
 * @param manifest path of the manifest within the job's directory
 * @param rows rows in all files
 * @param bytes size of all files
 * @param files names of the files within the claim's directory, in order
 * @param datasetName name that the dataset is filed under; null for none
 * @param finishedAt when the job became final, by the log, in ISO 8601
 */
record Pointer(
        @JsonProperty("job") String job,
        @JsonProperty("job_directory") String jobDirectory,
        @JsonProperty("attempt") int attempt,
        @JsonProperty("claim") String claim,
        @JsonProperty("directory") String directory,
        @JsonProperty("manifest") String manifest,
        @JsonProperty("rows") long rows,
        @JsonProperty("bytes") long bytes,
        @JsonProperty("files") List<String> files,
        @JsonProperty("dataset_name") @Nullable String datasetName,
        @JsonProperty("finished_at") String finishedAt) {
    private static final Comparator<Pointer> AGE =
            Comparator.comparing(Pointer::instant).thenComparing(Pointer::job).thenComparing(Pointer::claim);

    Pointer {
        files = List.copyOf(files);
    }

    static Pointer of(JobState row, Owner owner, Manifest manifest, String directory) {
        Instant finished = row.getFinishedAt();
        return new Pointer(
                row.getJob().getId(),
                io.quarry.schemas.DatasetLayout.ofJob(row.getJob().getId()),
                owner.getAttempt(),
                owner.getClaim(),
                directory,
                directory + "/manifest.json",
                manifest.getRows(),
                manifest.getBytes(),
                manifest.getFiles(),
                manifest.getDatasetName(),
                (finished == null ? Instant.EPOCH : finished).toString());
    }

    /** Whether it takes the place of another one: it is of a later end. Of two equal ends the same one always wins. */
    boolean supersedes(Pointer other) {
        return AGE.compare(this, other) > 0;
    }

    private Instant instant() {
        return Instant.parse(finishedAt);
    }
}
