package io.quarry.local.cli;

import io.quarry.client.ReplayReport;
import java.time.Duration;
import java.time.Instant;

/** Shows on standard error how far a replay is: a bar on a terminal, otherwise a line every ten seconds. For one thread. */
final class ReplayView implements AutoCloseable {
    private static final Duration REDRAW = Duration.ofMillis(100);
    private static final Duration REPEAT = Duration.ofSeconds(10);
    private static final int BAR = 24;

    private final Console console;
    private Instant shownAt;
    private boolean drawn;

    ReplayView(Console console) {
        this.console = console;
        this.shownAt = console.clock().instant();
    }

    void show(ReplayReport report) {
        Instant now = console.clock().instant();
        if (Duration.between(shownAt, now).compareTo(console.errTerminal() ? REDRAW : REPEAT) < 0) {
            return;
        }
        shownAt = now;
        long range = Math.max(1, report.toOffset() - report.fromOffset());
        double done = Math.min(1.0, (double) (report.nextOffset() - report.fromOffset()) / range);
        String text = Math.round(done * 100) + "%  " + Text.count(report.read()) + " read  "
                + Text.count(report.appended()) + (report.dryRun() ? " would be appended" : " appended");
        if (console.errTerminal()) {
            int full = (int) Math.round(BAR * done);
            console.err().print("\r\u001b[K[" + "#".repeat(full) + "-".repeat(BAR - full) + "] " + text);
            console.err().flush();
            drawn = true;
        } else {
            console.say("replay " + report.replayId() + ": " + text);
        }
    }

    @Override
    public void close() {
        clear();
    }

    void clear() {
        if (drawn) {
            console.err().print("\r\u001b[K");
            console.err().flush();
            drawn = false;
        }
    }
}
