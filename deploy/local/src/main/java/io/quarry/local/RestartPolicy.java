package io.quarry.local;

import java.time.Duration;

/**
 * When a worker process that died is started again: soon, and later and later while it keeps dying young.
 *
 * @param first the wait after a first death
 * @param longest the longest wait
 * @param healthyAfter how long a process has to live for its earlier deaths to be forgotten
 */
record RestartPolicy(Duration first, Duration longest, Duration healthyAfter) {
    static final RestartPolicy DEFAULT =
            new RestartPolicy(Duration.ofMillis(200), Duration.ofSeconds(30), Duration.ofSeconds(20));

    /**
     * What to do about a death.
     *
     * @param deaths how many deaths in a row this is
     * @param delay how long to wait before the next start
     */
    record Decision(int deaths, Duration delay) {}

    /**
     * After the death of a process that had a job in hand. It had got well, and what ended it was most likely that job, whose
     * own attempts are bounded: the others need not wait.
     */
    Decision afterAJob() {
        return new Decision(0, first);
    }

    /** After a death of any other process. */
    Decision after(int deathsBefore, Duration lived) {
        int deaths = lived.compareTo(healthyAfter) >= 0 ? 1 : deathsBefore + 1;
        Duration delay = first;
        for (int i = 1; i < deaths && delay.compareTo(longest) < 0; i++) {
            delay = delay.multipliedBy(2);
        }
        return new Decision(deaths, delay.compareTo(longest) < 0 ? delay : longest);
    }
}
