package io.quarry.local.audit;

/**
 * One broken promise.
 *
 * @param kind which promise
 * @param job id of the job concerned; the record's place, {@code topic@offset}, where no job is known
 * @param detail one sentence for people
 */
public record Finding(Kind kind, String job, String detail) {
    /** The promises that the auditor checks. */
    public enum Kind {
        /** An appended job that has no final row although nothing is under way any more. */
        LOST,
        /** Two results visible, or two claims accepted for one attempt. */
        DOUBLED,
        /** A claim was accepted while another one still owned the job. */
        OVERLAP,
        /** A job that started later than its place in the queue allows. */
        FIFO_BREAK,
        /** Something changed a job that was final. */
        AFTER_FINAL,
        /** A whole dataset on disk whose job nobody knows. */
        ORPHAN_DATASET,
        /** A published dataset that is not, or not wholly, on disk. */
        MISSING_DATASET,
        /** A row for which the log holds no reason. */
        UNEXPLAINED,
        /** A failed job that is not on the topic of dead jobs. */
        DEAD_LETTER_MISSING,
        /** A record that cannot be read and was not kept. */
        INVALID_MISSING
    }
}
