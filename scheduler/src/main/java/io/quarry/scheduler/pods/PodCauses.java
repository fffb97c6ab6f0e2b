package io.quarry.scheduler.pods;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStateWaiting;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.Quantity;
import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the state of a pod says about why it ended or does not begin, in the cluster's words. Pure. */
public final class PodCauses {
    /** Exit codes by which a worker says what it has reported itself; see ExitCode of the worker. */
    private static final List<Integer> REPORTED = List.of(0, 10);

    private static final String OUT_OF_MEMORY = "OOMKilled";
    private static final List<String> NEVER_RAN = List.of("ContainerCannotRun", "StartError", "CreateContainerError");
    private static final int BY_SIGNAL = 128;
    private static final int LONGEST = 1000;

    /** So often a process may end before it is said that it does not come up. */
    private static final int MANY = 2;

    private PodCauses() {}

    /** Whether nothing of the pod runs any more, nor will. */
    public static boolean hasEnded(Pod pod) {
        String phase = status(pod).getPhase();
        return "Succeeded".equals(phase) || "Failed".equals(phase);
    }

    /** Whether the cluster's scheduler has found no node for the pod. */
    public static boolean hasNoRoom(Pod pod) {
        return condition(status(pod), "PodScheduled")
                .filter(scheduled -> "False".equals(scheduled.getStatus()))
                .isPresent();
    }

    /** Of a pod that was removed, and had not ended when it was last seen. */
    public static Cause deleted(Pod pod) {
        return cause(CauseType.POD_FAILED, "Its pod was deleted.", evidence(pod));
    }

    /**
     * How a pod has ended; empty for one that has not, and for one whose process has reported the end of its job itself.
     */
    public static Optional<Cause> death(Pod pod) {
        PodStatus status = status(pod);
        Optional<Cause> taken = takenAway(pod, status);
        if (taken.isPresent()) {
            return taken;
        }
        Optional<ContainerStateTerminated> end = ended(status, null, ContainerStatus::getState);
        if (end.isPresent()) {
            return reported(end.get()) ? Optional.empty() : Optional.of(exit(pod, end.get()));
        }
        return "Failed".equals(status.getPhase())
                ? Optional.of(cause(
                        CauseType.POD_FAILED,
                        "Its pod failed: " + words(status.getReason(), status.getMessage()) + ".",
                        evidence(pod)))
                : Optional.empty();
    }

    /**
     * An end of a container's process.
     *
     * @param at when, by its node's clock, in whole seconds
     * @param cause how
     */
    public record Exit(Instant at, Cause cause) {}

    /** How the process of a container ended last, whether or not the container was started again since; empty when it never did. */
    public static Optional<Exit> lastExit(Pod pod, String container) {
        PodStatus status = status(pod);
        return ended(status, container, ContainerStatus::getState)
                .or(() -> ended(status, container, ContainerStatus::getLastState))
                .filter(end -> end.getFinishedAt() != null)
                .map(end -> new Exit(Instant.parse(end.getFinishedAt()), exit(pod, end)));
    }

    /** Somebody else ended the pod: a node, an eviction, a deadline. */
    private static Optional<Cause> takenAway(Pod pod, PodStatus status) {
        Map<String, String> evidence = evidence(pod);
        String message = cut(status.getMessage());
        Optional<PodCondition> target = condition(status, "DisruptionTarget").filter(c -> "True".equals(c.getStatus()));
        String reason =
                status.getReason() == null ? target.map(PodCondition::getReason).orElse("") : status.getReason();
        boolean over = hasEnded(pod);
        if (message == null) {
            message = target.map(PodCondition::getMessage).map(PodCauses::cut).orElse(null);
        }
        String because = message == null ? "." : ": " + message;
        return switch (reason) {
            case "Evicted", "EvictionByEvictionAPI", "TerminationByKubelet" ->
                over
                        ? Optional.of(cause(CauseType.EVICTED, "Its pod was evicted" + because, evidence))
                        : Optional.empty();
            case "Preempting", "Preempted", "PreemptionByScheduler" ->
                over
                        ? Optional.of(cause(
                                CauseType.EVICTED,
                                "Its pod was preempted by one of a higher priority" + because,
                                evidence))
                        : Optional.empty();
            case "NodeLost" ->
                Optional.of(
                        cause(CauseType.NODE_LOST, "The node of its pod is not heard of any more" + because, evidence));
            case "NodeShutdown", "Shutdown", "Terminated", "DeletionByTaintManager", "DeletionByPodGC" ->
                over
                        ? Optional.of(cause(CauseType.NODE_LOST, "The node of its pod went away" + because, evidence))
                        : Optional.empty();
            case "DeadlineExceeded" ->
                Optional.of(cause(CauseType.RUN_DEADLINE, "Its pod ran longer than it may" + because, evidence));
            case "UnexpectedAdmissionError",
                    "OutOfcpu",
                    "OutOfmemory",
                    "OutOfephemeral-storage",
                    "OutOfpods",
                    "NodeAffinity" ->
                Optional.of(cause(
                        CauseType.POD_FAILED, "Its node did not take the pod (" + reason + ")" + because, evidence));
            default -> Optional.empty();
        };
    }

    private static boolean reported(ContainerStateTerminated end) {
        String reason = reason(end);
        return REPORTED.contains(code(end)) && !reason.equals(OUT_OF_MEMORY) && !NEVER_RAN.contains(reason);
    }

    private static int code(ContainerStateTerminated end) {
        return end.getExitCode() == null ? 0 : end.getExitCode();
    }

    private static String reason(ContainerStateTerminated end) {
        return end.getReason() == null ? "" : end.getReason();
    }

    private static Cause exit(Pod pod, ContainerStateTerminated end) {
        Map<String, String> evidence = evidence(pod);
        int code = code(end);
        evidence.put("exit_code", String.valueOf(code));
        String reason = reason(end);
        evidence.put("container_reason", reason);
        if (end.getMessage() != null) {
            evidence.put("container_message", String.valueOf(cut(end.getMessage())));
        }
        if (reason.equals(OUT_OF_MEMORY)) {
            return cause(
                    CauseType.OOM_KILLED,
                    "The kernel killed the process for its memory: ask for more memory, or for fewer rows at a time.",
                    limited(pod, evidence));
        }
        if (NEVER_RAN.contains(reason)) {
            return cause(
                    CauseType.POD_FAILED,
                    "The container of its pod could not run"
                            + (end.getMessage() == null ? "." : ": " + cut(end.getMessage())),
                    evidence);
        }
        if (pod.getMetadata().getDeletionTimestamp() != null) {
            return cause(CauseType.POD_FAILED, "Its pod was deleted.", evidence);
        }
        if (code > BY_SIGNAL) {
            evidence.put("signal", String.valueOf(code - BY_SIGNAL));
            return cause(
                    CauseType.WORKER_KILLED, "The process was ended by signal " + (code - BY_SIGNAL) + ".", evidence);
        }
        return exitCode(pod, code, evidence);
    }

    private static Cause exitCode(Pod pod, int code, Map<String, String> evidence) {
        return switch (code) {
            case 2 ->
                cause(CauseType.POD_FAILED, "The process could not start with its settings: see its log.", evidence);
            case 3 ->
                cause(CauseType.BROKER_UNREACHABLE, "The process could not reach the broker: see its log.", evidence);
            case 11 ->
                cause(
                        CauseType.POD_FAILED,
                        "The process ended without a report: it was fenced, or stopped too early.",
                        evidence);
            case 12 ->
                cause(
                        CauseType.POD_FAILED,
                        "The record of the job is not there any more: retention or a person removed it.",
                        evidence);
            case 70 ->
                cause(CauseType.INTERNAL_ERROR, "The process ended by a fault of its own: see its log.", evidence);
            case 75 ->
                cause(
                        CauseType.WORKER_KILLED,
                        "The handler did not stop when it was told to, so the process ended itself.",
                        evidence);
            case 76 ->
                cause(
                        CauseType.MEMORY_LIMIT,
                        "The process's Java heap is exhausted: ask for fewer rows at a time.",
                        evidence);
            case 77 ->
                cause(
                        CauseType.MEMORY_LIMIT,
                        "The attempt outgrew the process's memory: ask for more memory, or for fewer rows at a time.",
                        limited(pod, evidence));
            default -> cause(CauseType.WORKER_KILLED, "The process ended with exit code " + code + ".", evidence);
        };
    }

    /** Why a pod does not begin, which may pass by itself: no room, an image that cannot be pulled. */
    public static Optional<Cause> waiting(Pod pod) {
        PodStatus status = status(pod);
        Optional<PodCondition> scheduled = condition(status, "PodScheduled");
        if (scheduled.isPresent() && "False".equals(scheduled.get().getStatus())) {
            Map<String, String> evidence = evidence(pod);
            evidence.put("reason", String.valueOf(scheduled.get().getReason()));
            // The scheduler's own words: nobody knows better what is missing where.
            return Optional.of(cause(
                    CauseType.POD_FAILED,
                    words(scheduled.get().getReason(), scheduled.get().getMessage()),
                    evidence));
        }
        return containers(status)
                .map(ContainerStatus::getState)
                .filter(Objects::nonNull)
                .map(ContainerState::getWaiting)
                .filter(Objects::nonNull)
                .map(state -> waitingContainer(pod, state))
                .flatMap(Optional::stream)
                .findFirst();
    }

    /**
     * What keeps a pod that is started again and again from coming up; empty where nothing is known against it. In words that stay the
     * same from one try to the next.
     */
    public static Optional<String> fault(Pod pod) {
        return containers(status(pod))
                .map(container -> fault(pod, container))
                .flatMap(Optional::stream)
                .findFirst();
    }

    private static Optional<String> fault(Pod pod, ContainerStatus container) {
        ContainerStateWaiting state =
                container.getState() == null ? null : container.getState().getWaiting();
        String reason = state == null || state.getReason() == null ? "" : state.getReason();
        return switch (reason) {
            // The kubelet says the one and the other by turns.
            case "ErrImagePull", "ImagePullBackOff" ->
                Optional.of("the image " + image(pod) + " cannot be pulled (ImagePullBackOff)");
            case "", "CrashLoopBackOff" ->
                container.getRestartCount() != null && container.getRestartCount() >= MANY
                        ? lastExit(pod, container.getName())
                                .map(exit -> exit.cause().getMessage())
                        : Optional.empty();
            default -> waitingContainer(pod, Objects.requireNonNull(state)).map(Cause::getMessage);
        };
    }

    private static Optional<Cause> waitingContainer(Pod pod, ContainerStateWaiting state) {
        String reason = state.getReason() == null ? "" : state.getReason();
        Map<String, String> evidence = evidence(pod);
        evidence.put("reason", reason);
        return switch (reason) {
            case "ErrImagePull",
                    "ImagePullBackOff",
                    "InvalidImageName",
                    "ErrImageNeverPull",
                    "RegistryUnavailable",
                    "ImageInspectError" -> {
                evidence.put("image", image(pod));
                yield Optional.of(cause(
                        CauseType.POD_FAILED,
                        "The image " + image(pod) + " cannot be pulled: " + words(reason, state.getMessage()),
                        evidence));
            }
            case "CreateContainerConfigError", "CreateContainerError", "RunContainerError", "CrashLoopBackOff" ->
                Optional.of(cause(
                        CauseType.POD_FAILED,
                        "The container of its pod cannot be made: " + words(reason, state.getMessage()),
                        evidence));
            default -> Optional.empty();
        };
    }

    private static Optional<ContainerStateTerminated> ended(
            PodStatus status, @Nullable String container, Function<ContainerStatus, ContainerState> which) {
        return containers(status)
                .filter(one -> container == null || container.equals(one.getName()))
                .map(which)
                .filter(Objects::nonNull)
                .map(ContainerState::getTerminated)
                .filter(Objects::nonNull)
                .findFirst();
    }

    private static Cause cause(CauseType type, String message, Map<String, String> evidence) {
        return new Cause(type, message, evidence);
    }

    private static Map<String, String> evidence(Pod pod) {
        Map<String, String> evidence = new TreeMap<>();
        evidence.put("pod", String.valueOf(pod.getMetadata().getName()));
        String node = pod.getSpec() == null ? null : pod.getSpec().getNodeName();
        if (node != null) {
            evidence.put("node", node);
        }
        return evidence;
    }

    private static Map<String, String> limited(Pod pod, Map<String, String> evidence) {
        limit(pod).ifPresent(limit -> evidence.put("limit_bytes", limit));
        return evidence;
    }

    private static Optional<String> limit(Pod pod) {
        return pod.getSpec().getContainers().stream()
                .map(container -> container.getResources() == null
                        ? null
                        : container.getResources().getLimits())
                .filter(Objects::nonNull)
                .map(limits -> limits.get("memory"))
                .filter(Objects::nonNull)
                .map(memory -> Quantity.getAmountInBytes(memory).toBigInteger().toString())
                .findFirst();
    }

    private static String image(Pod pod) {
        return pod.getSpec() == null || pod.getSpec().getContainers().isEmpty()
                ? ""
                : String.valueOf(pod.getSpec().getContainers().get(0).getImage());
    }

    private static PodStatus status(Pod pod) {
        return pod.getStatus() == null ? new PodStatus() : pod.getStatus();
    }

    private static Stream<ContainerStatus> containers(PodStatus status) {
        return status.getContainerStatuses() == null ? Stream.of() : status.getContainerStatuses().stream();
    }

    private static Optional<PodCondition> condition(PodStatus status, String type) {
        return status.getConditions() == null
                ? Optional.empty()
                : status.getConditions().stream()
                        .filter(condition -> type.equals(condition.getType()))
                        .findFirst();
    }

    private static String words(@Nullable String reason, @Nullable String message) {
        String known = reason == null ? "no reason given" : reason;
        return message == null || message.isBlank() ? known : known + ": " + cut(message);
    }

    private static @Nullable String cut(@Nullable String text) {
        return text == null || text.length() <= LONGEST ? text : text.substring(0, LONGEST);
    }
}
