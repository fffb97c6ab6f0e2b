package io.quarry.engine;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.schemas.Violation;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A failure of a job with its typed cause. */
public final class JobFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private static final String INPUT = "offline_query.input";
    private static final String SOURCES = "catalog.sources.";
    private static final String FILES = ".files";
    private static final int MOST = 10;

    private final transient Cause jobCause;

    public JobFailure(Cause jobCause, @Nullable Throwable origin) {
        super(jobCause.getMessage(), origin);
        this.jobCause = jobCause;
    }

    public static JobFailure of(CauseType type, String message, Map<String, String> evidence) {
        return new JobFailure(new Cause(type, message, Map.copyOf(evidence)), null);
    }

    /**
     * A refusal for broken rules, at least one: INVALID_INPUT where the first is about the data that the job brings or names,
     * USER_ERROR where it is about the job itself. The message has the rules, the evidence field and value of the first.
     */
    public static JobFailure refused(List<Violation> broken) {
        return refused(broken, Map.of());
    }

    /**
     * A refusal with evidence beside that of the rules.
     *
     * @param known evidence that is put first
     */
    public static JobFailure refused(List<Violation> broken, Map<String, String> known) {
        Violation first = broken.get(0);
        Map<String, String> evidence = new TreeMap<>(known);
        evidence.put("field", first.field());
        evidence.put("value", first.value());
        if (first.field().startsWith(INPUT + ".files[") || first.field().startsWith(SOURCES)) {
            evidence.putIfAbsent("path", first.value());
        }
        if (first.field().startsWith(SOURCES) && first.field().endsWith(FILES)) {
            evidence.put(
                    "source",
                    first.field().substring(SOURCES.length(), first.field().length() - FILES.length()));
        }
        for (int i = 1; i < Math.min(broken.size(), MOST); i++) {
            evidence.put("also_" + i, broken.get(i).toString());
        }
        String more = broken.size() == 1 ? "" : " (and " + (broken.size() - 1) + " more)";
        boolean input = first.field().startsWith(INPUT)
                && !first.field().startsWith(INPUT + ".sql")
                && !first.field().startsWith(INPUT + "_times");
        boolean data = input || first.field().startsWith(SOURCES);
        return of(data ? CauseType.INVALID_INPUT : CauseType.USER_ERROR, first + more, evidence);
    }

    public Cause jobCause() {
        return jobCause;
    }
}
