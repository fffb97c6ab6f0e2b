package io.quarry.scheduler.launch;

import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.Source;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;

/**
 * The process that one attempt of a job needs.
 *
 * @param key the attempt
 * @param group resource group of the job, as it is now
 * @param size what the process gets, every field set
 * @param record the attempt's record, which the process reads by itself
 * @param longest how long the attempt may run
 */
public record Launch(Key key, ResourceGroup group, Resources size, Source record, Duration longest) {
    private static final int DIGITS = 24;

    /** An attempt of a job. */
    public record Key(String jobId, int attempt) {
        /**
         * A name for the attempt that Kubernetes takes for everything, whatever the job's id looks like. The same attempt has the
         * same one, another attempt another one.
         */
        public String name() {
            MessageDigest sha256;
            try {
                sha256 = MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every Java platform has SHA-256", e);
            }
            // A line feed is in no job id.
            byte[] hash = sha256.digest((jobId + "\n" + attempt).getBytes(StandardCharsets.UTF_8));
            return "quarry-job-" + HexFormat.of().formatHex(hash).substring(0, DIGITS);
        }
    }
}
