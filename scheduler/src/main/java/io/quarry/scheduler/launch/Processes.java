package io.quarry.scheduler.launch;

import io.quarry.avro.Cause;
import io.quarry.avro.CauseType;
import io.quarry.avro.JobState;
import io.quarry.scheduler.launch.PodPlatform.Answer;
import io.quarry.scheduler.launch.PodPlatform.AwayException;
import io.quarry.scheduler.launch.PodPlatform.Phase;
import io.quarry.scheduler.launch.PodPlatform.Standing;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings processes and rows together: starts what waits and has none, ends what nobody waits for, and says of a job what keeps
 * it waiting. All of it may be done twice and by two leaders at once. One thread.
 */
final class Processes implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Processes.class);

    private final LaunchSettings settings;
    private final PodPlatform platform;
    private final News news;
    private final LaunchLog log;
    private final InstantSource clock;
    private final Turns turns;

    private @Nullable AutoCloseable watch;
    private Instant lookedAt = Instant.MIN;
    private Instant reconciledAt = Instant.MIN;
    private Instant triedAt = Instant.MIN;
    private Instant awayUntil = Instant.MIN;
    private final Set<Launch.Key> made = new HashSet<>();
    private final Set<Launch.Key> withoutRoom = new HashSet<>();
    private final Map<Launch.Key, String> said = new HashMap<>();
    /** Processes that did not match their rows at the last reconcile. */
    private Set<Launch.Key> odd = Set.of();

    private boolean silenced;
    private final AtomicLong launched = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong awayTimes = new AtomicLong();
    private volatile long roomless;

    Processes(LaunchSettings settings, PodPlatform platform, News news, LaunchLog log, InstantSource clock) {
        this.settings = settings;
        this.platform = platform;
        this.news = news;
        this.log = log;
        this.clock = clock;
        this.turns = new Turns(settings.patience());
    }

    /** Looks what there is to do, when something changed or it is time again. */
    void look(boolean changed) {
        Instant now = clock.instant();
        if (now.isBefore(awayUntil) || (!changed && now.isBefore(lookedAt.plus(settings.interval())))) {
            return;
        }
        lookedAt = now;
        try {
            if (watch == null) {
                watch = platform.watch(log);
                reconciledAt = Instant.MIN;
            }
            List<Standing> pods = platform.pods();
            take(pods);
            endUnclaimed(pods);
            if (!now.isBefore(reconciledAt.plus(settings.reconcile()))) {
                reconciledAt = now;
                reconcile(pods);
            }
            give(now);
            roomless = withoutRoom.size();
            silenced = false;
        } catch (AwayException e) {
            awayTimes.incrementAndGet();
            awayUntil = now.plus(settings.interval());
            away(String.valueOf(e.getMessage()));
        }
    }

    private void take(List<Standing> pods) {
        made.clear();
        withoutRoom.removeIf(key -> !news.board().waits(key));
        said.keySet().removeIf(key -> !news.board().waits(key));
        for (Standing pod : pods) {
            made.add(pod.key());
            if (pod.phase() == Phase.WAITS) {
                withoutRoom.add(pod.key());
            } else {
                withoutRoom.remove(pod.key());
            }
        }
    }

    /** Ends what has not been claimed and nobody waits for any more: the job was cancelled, or its time is over. */
    private void endUnclaimed(List<Standing> pods) throws AwayException {
        for (Standing pod : pods) {
            if (pod.phase() == Phase.WAITS && !news.board().wants(pod.key())) {
                platform.end(pod.key(), "nobody waits for it any more");
            }
        }
    }

    /**
     * Holds processes against rows. What does not match twice in a row is put right: between event and row lies a moment, and a
     * process that was fenced or cancelled gets time to end by itself.
     */
    private void reconcile(List<Standing> pods) throws AwayException {
        Set<Launch.Key> odd = new HashSet<>();
        for (Standing pod : pods) {
            boolean unheard = pod.phase() == Phase.ENDED && news.board().waits(pod.key());
            boolean unwanted = pod.phase() != Phase.ENDED && !news.board().wants(pod.key());
            if (!unheard && !unwanted) {
                continue;
            }
            odd.add(pod.key());
            if (!this.odd.contains(pod.key())) {
                continue;
            }
            if (unheard) {
                log.failed(
                        pod.key(),
                        new Cause(
                                CauseType.POD_FAILED,
                                "Its process ended without having claimed the job.",
                                Map.of("pod", pod.key().name())));
            } else {
                LOG.info("A process that nobody waits for is ended: jobId={} attempt={}", id(pod), attempt(pod));
                platform.end(pod.key(), "nobody waits for it any more");
            }
        }
        this.odd = odd;
    }

    private static String id(Standing pod) {
        return pod.key().jobId();
    }

    private static int attempt(Standing pod) {
        return pod.key().attempt();
    }

    private void give(Instant now) throws AwayException {
        Turns.Decision decision = turns.of(news.board().launching(), made, withoutRoom, now);
        // Whoever found no room does not ask with each row that changes.
        boolean again = !now.isBefore(triedAt.plus(settings.interval()));
        triedAt = again ? now : triedAt;
        for (JobState row : decision.start()) {
            if (!again && withoutRoom.contains(Board.key(row))) {
                continue;
            }
            Wish wish = Wish.of(row, news.groups().get(row.getJob().getResourceGroup()));
            if (wish instanceof Wish.ForProcess process) {
                start(row, process.launch());
            } else if (wish instanceof Wish.Vain vain) {
                refuse(row, vain.cause());
            } else if (wish instanceof Wish.Unclear unclear) {
                waits(row, unclear.reason());
            }
        }
        Map<Launch.Key, JobState> rows = new HashMap<>();
        news.board().launching().forEach(row -> rows.put(Board.key(row), row));
        decision.held().forEach((key, reason) -> waits(rows.get(key), reason));
    }

    private void start(JobState row, Launch launch) throws AwayException {
        Answer answer = platform.start(launch);
        if (answer instanceof Answer.Made process) {
            made.add(launch.key());
            withoutRoom.remove(launch.key());
            if (process.anew()) {
                LOG.info(
                        "A process was made: jobId={} group={} attempt={} pod={}",
                        launch.key().jobId(),
                        launch.group().getName(),
                        launch.key().attempt(),
                        launch.key().name());
                launched.incrementAndGet();
                log.launched(launch.key());
            }
        } else if (answer instanceof Answer.NoRoom full) {
            withoutRoom.add(launch.key());
            waits(row, full.reason());
        } else if (answer instanceof Answer.Never never) {
            refuse(row, never.cause());
        } else if (answer instanceof Answer.Away away) {
            throw new AwayException(away.reason());
        }
    }

    private void refuse(JobState row, Cause cause) {
        say(row, "refused", () -> {
            refused.incrementAndGet();
            log.failed(Board.key(row), cause);
        });
    }

    long launched() {
        return launched.get();
    }

    long refused() {
        return refused.get();
    }

    long away() {
        return awayTimes.get();
    }

    long withoutRoom() {
        return roomless;
    }

    /** Nothing can be asked: every job that waits is told so, none is lost. */
    private void away(String reason) {
        if (!silenced) {
            LOG.warn("Nothing can be launched, it is tried again: {}", reason);
        }
        silenced = true;
        for (JobState row : news.board().launching()) {
            if (!made.contains(Board.key(row))) {
                waits(row, reason);
            }
        }
    }

    private void waits(@Nullable JobState row, String reason) {
        if (row != null && !reason.equals(row.getWaitsBecause())) {
            say(row, reason, () -> log.waits(Board.key(row), reason));
        }
    }

    /** Says a thing once, until another one is to be said: the row shows it a moment later. */
    private void say(JobState row, String what, Runnable saying) {
        if (!what.equals(said.put(Board.key(row), what))) {
            saying.run();
        }
    }

    /** Stops looking, since another one does. */
    void rest() {
        AutoCloseable open = watch;
        watch = null;
        made.clear();
        withoutRoom.clear();
        roomless = 0;
        said.clear();
        odd = Set.of();
        lookedAt = Instant.MIN;
        awayUntil = Instant.MIN;
        if (open != null) {
            try {
                open.close();
            } catch (Exception e) {
                LOG.warn("The watch on processes did not close cleanly", e);
            }
        }
    }

    @Override
    public void close() {
        rest();
        platform.close();
    }
}
