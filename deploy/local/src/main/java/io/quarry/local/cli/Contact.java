package io.quarry.local.cli;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Whether the broker is still there for somebody who only listens: a consumer waits for one that is gone as patiently as for news.
 * Not safe for use by several threads.
 */
final class Contact {
    /** So long nothing may come until the broker is asked. */
    static final Duration QUIET = Duration.ofSeconds(5);

    /** So long it may give no answer: it may be starting again. */
    static final Duration SILENT = Duration.ofSeconds(30);

    private final Clock clock;
    private final Runnable question;
    private Instant heard;

    /**
     * Contact that begins now.
     *
     * @param question any question to the broker; ends in a {@link TimeoutException} when it does not answer
     */
    Contact(Clock clock, Runnable question) {
        this.clock = clock;
        this.question = question;
        this.heard = clock.instant();
    }

    /** Something has come from the broker. */
    void heard() {
        heard = clock.instant();
    }

    /** Whether it is lost: asks the broker where nothing came for a while. */
    boolean isLost() {
        if (since().compareTo(QUIET) < 0) {
            return false;
        }
        try {
            question.run();
            heard();
            return false;
        } catch (TimeoutException noAnswer) {
            return since().compareTo(SILENT) > 0;
        }
    }

    private Duration since() {
        return Duration.between(heard, clock.instant());
    }
}
