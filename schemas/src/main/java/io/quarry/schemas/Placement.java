package io.quarry.schemas;

import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a job of a size runs. Client, server, scheduler and a worker's guard all ask the same pure function, so that they
 * never differ.
 */
public sealed interface Placement {
    /** The job fits one worker of its group: it waits in the group's queue. */
    record Queue() implements Placement {}

    /**
     * The job is larger than a worker and runs as a process of its own.
     *
     * @param size size of that process, every field set
     */
    record Oversize(Resources size) implements Placement {}

    /**
     * Nothing here can run the job.
     *
     * @param nearest the size closest to what was asked for that would be placed, every field set
     * @param reason one sentence for people, with what was asked and what is possible
     */
    record Refused(Resources nearest, String reason) implements Placement {}

    /**
     * Places a job.
     *
     * @param asked what the job asks for; null, and each absent field, means what one worker has
     * @param group group whose rules ({@link GroupRules}) hold
     * @throws IllegalArgumentException when the group's worker has no size
     */
    static Placement of(@Nullable Resources asked, ResourceGroup group) {
        Resources worker = group.getWorker();
        Resources ceiling = group.getOversizeCeiling();
        boolean queue = true;
        boolean oversize = ceiling != null;
        boolean positive = true;
        List<String> broken = new ArrayList<>();
        List<Long> size = new ArrayList<>();
        List<Long> inWorker = new ArrayList<>();
        List<Long> inProcess = new ArrayList<>();
        double lessInWorker = 1;
        double lessInProcess = 1;
        for (Dimension dimension : Dimension.ALL) {
            long own = dimension.ofWorker(group);
            long wanted = dimension.or(asked, own);
            long most = ceiling == null ? own : dimension.or(ceiling, own);
            boolean fits = wanted <= most;
            positive &= wanted >= 1;
            queue &= wanted <= own;
            oversize &= fits;
            size.add(wanted);
            inWorker.add(Math.max(1, Math.min(wanted, own)));
            inProcess.add(Math.max(1, Math.min(wanted, most)));
            if (dimension.or(asked, 0) > 0) {
                lessInWorker = Math.max(lessInWorker, (double) wanted / own);
                lessInProcess = Math.max(lessInProcess, (double) wanted / most);
            }
            if (wanted < 1) {
                broken.add(dimension.field() + " " + wanted + " is not above 0");
            } else if (!fits) {
                broken.add(dimension.words() + " " + dimension.format().apply(wanted) + " is more than "
                        + dimension.format().apply(most));
            }
        }
        if (positive && queue) {
            return new Queue();
        }
        if (positive && oversize) {
            return new Oversize(Dimension.size(size));
        }
        // A ceiling may be lower than a worker in something: then it is the size that takes least from what was asked
        // for.
        Resources possible = Dimension.size(lessInWorker < lessInProcess ? inWorker : inProcess);
        String limit = ceiling == null
                ? "the size of one worker of group " + group.getName() + ", which has no larger ones"
                : "the largest process that group " + group.getName() + " may start";
        return new Refused(
                possible,
                String.join(", ", broken) + ", " + limit + " (worker: " + format(worker) + "). The nearest size is "
                        + format(possible) + ".");
    }

    /** A size for people and configuration files, such as {@code cpu 2, memory 4Gi, ephemeral storage 20Gi}. */
    static String format(Resources resources) {
        List<String> parts = new ArrayList<>();
        for (Dimension dimension : Dimension.ALL) {
            Long value = dimension.get().apply(resources);
            if (value != null) {
                parts.add(dimension.words() + " " + dimension.format().apply(value));
            }
        }
        return String.join(", ", parts);
    }
}
