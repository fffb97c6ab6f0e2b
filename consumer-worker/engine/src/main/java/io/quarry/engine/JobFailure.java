package io.quarry.engine;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A failure of a job with its typed cause. */
public final class JobFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient Cause jobCause;

    public JobFailure(Cause jobCause, @Nullable Throwable origin) {
        super(jobCause.getMessage(), origin);
        this.jobCause = jobCause;
    }

    public static JobFailure of(CauseType type, String message, Map<String, String> evidence) {
        return new JobFailure(new Cause(type, message, Map.copyOf(evidence)), null);
    }

    public Cause jobCause() {
        return jobCause;
    }
}
