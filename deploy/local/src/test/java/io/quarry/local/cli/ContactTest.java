package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

class ContactTest {
    private final HandClock clock = new HandClock();
    private final Contact contact = new Contact(clock, this::ask);
    private boolean answers = true;
    private int asked;

    @Test
    void aBrokerOfWhichNewsComesIsNotAsked() {
        for (int i = 0; i < 100; i++) {
            clock.go(Contact.QUIET.minusMillis(1));
            assertThat(contact.isLost()).isFalse();
            contact.heard();
        }
        assertThat(asked).isZero();
    }

    @Test
    void aJobThatSaysNothingForHoursLosesNobody() {
        for (int i = 0; i < 1000; i++) {
            clock.go(Duration.ofSeconds(10));
            assertThat(contact.isLost()).isFalse();
        }
        assertThat(asked).isEqualTo(1000);
    }

    @Test
    void oneThatStartsAgainInTimeIsNotLost() {
        answers = false;
        clock.go(Contact.SILENT);
        assertThat(contact.isLost()).isFalse();
        answers = true;
        clock.go(Duration.ofMillis(1));
        assertThat(contact.isLost()).isFalse();
        answers = false;
        clock.go(Contact.SILENT);
        assertThat(contact.isLost()).isFalse();
    }

    @Test
    void oneThatGivesNoAnswerIsLostWhenItsTimeIsOver() {
        answers = false;
        clock.go(Contact.SILENT);
        assertThat(contact.isLost()).isFalse();
        clock.go(Duration.ofMillis(1));
        assertThat(contact.isLost()).isTrue();
    }

    private void ask() {
        asked++;
        if (!answers) {
            throw new TimeoutException("no answer");
        }
    }

    private static final class HandClock extends Clock {
        private Instant now = Instant.EPOCH;

        void go(Duration by) {
            now = now.plus(by);
        }

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
