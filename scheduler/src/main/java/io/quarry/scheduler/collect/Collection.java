package io.quarry.scheduler.collect;

import io.quarry.avro.JobState;
import io.quarry.avro.Manifest;
import io.quarry.avro.Owner;
import io.quarry.schemas.DatasetLayout;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What is to be done about a job's directories, by its row. Pure. A job that is not final has nothing collected, the winner never
 * is, and what is no claim's directory is nobody's business here.
 *
 * @param pointer what points to the published dataset; empty when there is none
 * @param garbage names of directories that nobody will read or write again, but zombies, sorted
 */
record Collection(Optional<Pointer> pointer, List<String> garbage) {
    private static final Collection NOTHING = new Collection(Optional.empty(), List.of());

    Collection {
        garbage = List.copyOf(garbage);
    }

    /**
     * Decides.
     *
     * @param row the newest row of the job
     * @param directories names of what lies in its directory
     */
    static Collection of(JobState row, Set<String> directories) {
        return switch (row.getState()) {
            case SUCCEEDED -> succeeded(row, directories);
            case FAILED, CANCELLED, EXPIRED -> new Collection(Optional.empty(), claims(directories, ""));
            case UNKNOWN, QUEUED, LAUNCHING, RUNNING, RETRYING -> NOTHING;
        };
    }

    private static Collection succeeded(JobState row, Set<String> directories) {
        Owner owner = row.getOwner();
        if (owner == null) {
            // Without a winner's name every directory may be the winner's.
            return NOTHING;
        }
        String winner = DatasetLayout.ofClaim(owner.getAttempt(), owner.getClaim());
        Manifest manifest = row.getManifest();
        // A location of another shape was written by a handler that publishes elsewhere: there is nothing to point to
        // here.
        boolean here = manifest != null && lastName(manifest.getLocation()).equals(winner);
        return new Collection(
                here ? Optional.of(Pointer.of(row, owner, manifest, winner)) : Optional.empty(),
                claims(directories, winner));
    }

    private static List<String> claims(Set<String> directories, String winner) {
        return directories.stream()
                .filter(DatasetLayout::isClaim)
                .filter(name -> !name.equals(winner))
                .sorted()
                .toList();
    }

    private static String lastName(String location) {
        String path = location.replaceFirst("/+$", "");
        return path.substring(path.lastIndexOf('/') + 1);
    }
}
