package io.quarry.worker;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Decides why the job that a dead worker had in hand ended, from what was seen of its death. */
final class DeathCause {
    private static final int SIGKILL = 9;
    private static final int BY_SIGNAL = 128;
    private static final int LONGEST_LOG = 2000;

    /** What a JVM does with -XX:+ExitOnOutOfMemoryError. */
    private static final int BY_JVM_OUT_OF_MEMORY = 3;

    private static final String JVM_OUT_OF_MEMORY = "Terminating due to java.lang.OutOfMemoryError";
    private static final String HEAP = "The worker's Java heap is exhausted: ask for fewer rows at a time.";

    private static final String OUTGROWN =
            "The attempt outgrew the worker's memory and could not be interrupted, so the worker"
                    + " ended its process: ask for more memory, or for fewer rows at a time.";

    /** Numbers as on Linux; those of other systems differ above 6, except for 9 and 15. */
    private static final Map<Integer, String> SIGNALS = Map.ofEntries(
            Map.entry(1, "SIGHUP"),
            Map.entry(2, "SIGINT"),
            Map.entry(3, "SIGQUIT"),
            Map.entry(4, "SIGILL"),
            Map.entry(6, "SIGABRT"),
            Map.entry(7, "SIGBUS"),
            Map.entry(8, "SIGFPE"),
            Map.entry(9, "SIGKILL"),
            Map.entry(11, "SIGSEGV"),
            Map.entry(13, "SIGPIPE"),
            Map.entry(15, "SIGTERM"),
            Map.entry(24, "SIGXCPU"),
            Map.entry(25, "SIGXFSZ"),
            Map.entry(31, "SIGSYS"));

    private DeathCause() {}

    /**
     * The cause.
     *
     * @param stop why the job's attempt had been told to stop; null when it had not
     */
    static Cause of(Death death, @Nullable StopReason stop) {
        Map<String, String> evidence = evidence(death, stop);
        if (stop == StopReason.HANDED_BACK) {
            return new Cause(
                    CauseType.HANDED_BACK,
                    "The worker was stopped, and its process ended before it had said that it gave the job back.",
                    evidence);
        }
        if (death.overLimit()) {
            return new Cause(
                    CauseType.OOM_KILLED,
                    "The worker outgrew its memory and was killed: ask for more memory, or for fewer rows at a time.",
                    evidence);
        }
        int code = death.exitCode();
        int signal = code - BY_SIGNAL;
        if (signal == SIGKILL && death.oomKills() > 0) {
            return new Cause(
                    CauseType.OOM_KILLED,
                    "The kernel killed the worker for its memory: ask for more memory, or for fewer rows at a time.",
                    evidence);
        }
        if (SIGNALS.containsKey(signal)) {
            return new Cause(
                    CauseType.WORKER_KILLED,
                    "The worker's process was ended by " + SIGNALS.get(signal) + ".",
                    evidence);
        }
        if (code == BY_JVM_OUT_OF_MEMORY
                && death.lastLines().stream().anyMatch(line -> line.startsWith(JVM_OUT_OF_MEMORY))) {
            return new Cause(CauseType.MEMORY_LIMIT, HEAP, evidence);
        }
        return switch (code) {
            case Death.UNKNOWN ->
                new Cause(CauseType.WORKER_KILLED, "The worker's process was found to be gone.", evidence);
            case ExitCode.STUCK ->
                new Cause(
                        stop == null ? CauseType.WORKER_KILLED : Ending.typeOf(stop),
                        "The handler did not stop when it was told to" + why(stop)
                                + ", so the worker ended its process.",
                        evidence);
            case ExitCode.OVER_MEMORY -> new Cause(CauseType.MEMORY_LIMIT, OUTGROWN, evidence);
            case ExitCode.OUT_OF_MEMORY -> new Cause(CauseType.MEMORY_LIMIT, HEAP, evidence);
            case ExitCode.FAULT ->
                new Cause(CauseType.INTERNAL_ERROR, "The worker ended by a fault of its own: see its log.", evidence);
            default ->
                new Cause(
                        CauseType.WORKER_KILLED,
                        "The worker's process ended with exit code " + code
                                + " during the job, which is none that the worker ends with: the handler or a library ended it.",
                        evidence);
        };
    }

    /**
     * Why a process that was started for one job ended before it had claimed it: its own exit codes count, since no handler ran
     * that could have made them.
     */
    static Cause unclaimed(Death death) {
        Map<String, String> evidence = evidence(death, null);
        return switch (death.exitCode()) {
            case ExitCode.NO_RECORD ->
                new Cause(
                        CauseType.POD_FAILED,
                        "The record of the job is not there any more: retention or a person removed it.",
                        evidence);
            case ExitCode.UNREACHABLE ->
                new Cause(
                        CauseType.BROKER_UNREACHABLE,
                        "The process could not reach the broker, or not for long enough: see its log.",
                        evidence);
            case ExitCode.BAD_SETTING ->
                new Cause(
                        CauseType.POD_FAILED, "The process could not start with its settings: see its log.", evidence);
            case ExitCode.UNHEARD, ExitCode.DONE ->
                new Cause(CauseType.POD_FAILED, "The process was stopped before it had claimed its job.", evidence);
            default -> of(death, null);
        };
    }

    private static String why(@Nullable StopReason stop) {
        return stop == null ? "" : " (" + stop + ")";
    }

    private static Map<String, String> evidence(Death death, @Nullable StopReason stop) {
        Map<String, String> evidence = new TreeMap<>();
        if (death.exitCode() != Death.UNKNOWN) {
            evidence.put("exit_code", String.valueOf(death.exitCode()));
        }
        int signal = death.exitCode() - BY_SIGNAL;
        if (SIGNALS.containsKey(signal)) {
            evidence.put("signal", String.valueOf(signal));
            evidence.put("signal_name", SIGNALS.getOrDefault(signal, ""));
        }
        if (death.oomKills() > 0) {
            evidence.put("oom_kills", String.valueOf(death.oomKills()));
        }
        if (stop != null) {
            evidence.put("stop_reason", stop.name());
        }
        death.peakMemoryBytes().ifPresent(peak -> evidence.put("peak_memory_bytes", String.valueOf(peak)));
        death.memoryLimitBytes().ifPresent(limit -> evidence.put("limit_bytes", String.valueOf(limit)));
        String log = String.join("\n", death.lastLines());
        if (!log.isEmpty()) {
            evidence.put("log_tail", log.substring(Math.max(0, log.length() - LONGEST_LOG)));
        }
        return evidence;
    }
}
