package io.quarry.local.cli;

import io.quarry.avro.JobState;
import io.quarry.avro.Manifest;
import io.quarry.avro.Progress;
import io.quarry.avro.State;
import io.quarry.schemas.States;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Shows on standard error how far a job is: a bar that is drawn over on a terminal, otherwise a line when the state or the
 * phase changes and every ten seconds. Not safe for use by several threads.
 */
final class ProgressView implements AutoCloseable {
    private static final Duration REPEAT = Duration.ofSeconds(10);
    private static final int BAR = 24;

    private final Console console;
    private Pace pace = new Pace();
    private int attempt;
    private String shown = "";
    private Instant shownAt = Instant.EPOCH;
    private boolean drawn;

    ProgressView(Console console) {
        this.console = console;
    }

    void show(JobState row) {
        Instant now = console.clock().instant();
        if (row.getAttempt() != attempt) {
            // What is left was judged by what another attempt did.
            attempt = row.getAttempt();
            pace = new Pace();
        }
        Progress progress = progress(row);
        double fraction = progress == null || progress.getFraction() == null ? 0 : progress.getFraction();
        if (progress != null) {
            pace.sample(now, fraction, progress.getRows());
        }
        String phase = row.getState() + "/" + attempt + (progress == null ? "" : "/" + progress.getPhase());
        if (console.errTerminal()) {
            draw(bar(row, fraction) + text(row, now));
        } else if (!phase.equals(shown) || Duration.between(shownAt, now).compareTo(REPEAT) >= 0) {
            console.say(row.getJob().getId() + ": " + text(row, now));
            shown = phase;
            shownAt = now;
        }
    }

    /** Says what is being waited for while there is no job to show. */
    void waiting(String what) {
        if (console.errTerminal()) {
            draw(what);
        } else {
            console.say(what);
        }
    }

    /** Says what happened meanwhile, in a line of its own. May be called by any thread. */
    synchronized void note(String line) {
        clear();
        console.say(line);
    }

    /** How much of something is done: a bar on a terminal, otherwise a line every ten seconds. */
    void share(String what, double fraction) {
        Instant now = console.clock().instant();
        String text = what + ": " + Math.round(fraction * 100) + "%";
        if (console.errTerminal()) {
            draw(bar(fraction) + text);
        } else if (Duration.between(shownAt, now).compareTo(REPEAT) >= 0) {
            console.say(text);
            shownAt = now;
        }
    }

    /** Progress of the attempt that runs; of a job that waits, the row still has that of the one before. */
    private static @Nullable Progress progress(JobState row) {
        return row.getState() == State.RUNNING ? row.getProgress() : null;
    }

    private String text(JobState row, Instant now) {
        List<String> parts = new ArrayList<>();
        parts.add(row.getState().name().toLowerCase(Locale.ROOT));
        if (States.isFinal(row.getState())) {
            // The last progress that was reported is behind what was reached.
            Manifest manifest = row.getManifest();
            if (manifest != null) {
                parts.add(Text.count(manifest.getRows(), "row"));
            }
            if (row.getCause() != null) {
                parts.add(row.getCause().getType().name());
            }
            parts.add(Text.between(row.getSubmittedAt(), row.getFinishedAt() == null ? now : row.getFinishedAt()));
            return String.join("  ", parts);
        }
        if (row.getAttempt() > 1) {
            String after =
                    row.getCause() == null ? "" : ", after " + row.getCause().getType();
            parts.add("attempt " + JobText.attempt(row) + after);
        }
        Progress progress = progress(row);
        if (progress != null && !progress.getPhase().isEmpty()) {
            parts.add(progress.getPhase());
        }
        if (progress != null && progress.getFraction() != null) {
            parts.add(Math.round(progress.getFraction() * 100) + "%");
        }
        if (progress != null && progress.getRows() > 0) {
            parts.add(Text.count(progress.getRows(), "row"));
        }
        if (progress != null) {
            pace.rowsPerSecond().ifPresent(rate -> parts.add(Text.count(rate, "row") + "/s"));
            pace.remaining().ifPresent(left -> parts.add(Text.duration(left) + " left"));
        }
        parts.add(Text.between(row.getSubmittedAt(), now));
        return String.join("  ", parts);
    }

    private static String bar(JobState row, double fraction) {
        return bar(States.isFinal(row.getState()) ? 1 : fraction);
    }

    private static String bar(double fraction) {
        int full = (int) Math.round(BAR * Math.min(1, Math.max(0, fraction)));
        return "[" + "#".repeat(full) + "-".repeat(BAR - full) + "] ";
    }

    private synchronized void draw(String line) {
        int width = Math.max(20, console.width() - 1);
        console.err().print("\r\u001b[K" + (line.length() > width ? line.substring(0, width) : line));
        console.err().flush();
        drawn = true;
    }

    /** Takes the bar away, so that what follows stands at the beginning of a line. */
    @Override
    public void close() {
        clear();
    }

    synchronized void clear() {
        if (drawn) {
            console.err().print("\r\u001b[K");
            console.err().flush();
            drawn = false;
        }
    }
}
