package io.quarry.schemas;

import io.quarry.avro.CauseType;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Rules of retry_on and no_retry_on, and which causes are tried again where neither names them. Pure. */
public final class RetryRules {
    private static final Set<CauseType> AGAIN = EnumSet.of(
            CauseType.UNKNOWN,
            CauseType.TRANSIENT_FAILURE,
            CauseType.DISK_FULL,
            CauseType.WORKER_KILLED,
            CauseType.OOM_KILLED,
            CauseType.WORKER_SILENT,
            CauseType.BROKER_UNREACHABLE,
            CauseType.HANDED_BACK,
            CauseType.EVICTED,
            CauseType.NODE_LOST,
            CauseType.POD_FAILED,
            CauseType.INTERNAL_ERROR);

    /** Ends that nobody may decide otherwise about: of the job itself, or no failure at all. */
    private static final Set<CauseType> FIXED = EnumSet.of(
            CauseType.UNKNOWN,
            CauseType.START_DEADLINE,
            CauseType.COMPLETE_DEADLINE,
            CauseType.CANCELLED,
            CauseType.HANDED_BACK,
            CauseType.NEVER_CLAIMED,
            CauseType.MISPLACED);

    /** Causes that retry_on and no_retry_on may name. */
    public static final Set<CauseType> SETTABLE = Set.copyOf(EnumSet.complementOf(EnumSet.copyOf(FIXED)));

    private static final int MOST = 64;

    private RetryRules() {}

    /**
     * Whether another attempt may follow what ended one by this cause: as the first list that names it says, else as the
     * table says. Names that are no cause say nothing.
     *
     * @param retryOn the job's list, or the group's where the job names the cause in neither of its own
     */
    public static boolean again(CauseType cause, List<String> retryOn, List<String> noRetryOn) {
        if (SETTABLE.contains(cause)) {
            if (retryOn.contains(cause.name())) {
                return true;
            }
            if (noRetryOn.contains(cause.name())) {
                return false;
            }
        }
        return AGAIN.contains(cause);
    }

    static void check(Findings found, List<String> retryOn, List<String> noRetryOn) {
        check(found, "retry_on", retryOn);
        check(found, "no_retry_on", noRetryOn);
        for (String cause : retryOn) {
            found.require(!noRetryOn.contains(cause), "no_retry_on", cause, "must not be named in retry_on as well");
        }
    }

    private static void check(Findings found, String field, List<String> causes) {
        found.require(
                causes.size() <= MOST, field, causes.size() + " entries", "must have at most " + MOST + " entries");
        for (String cause : causes) {
            found.require(
                    SETTABLE.stream().anyMatch(type -> type.name().equals(cause)),
                    field,
                    cause,
                    "must be one of "
                            + SETTABLE.stream().map(CauseType::name).sorted().toList());
        }
    }
}
