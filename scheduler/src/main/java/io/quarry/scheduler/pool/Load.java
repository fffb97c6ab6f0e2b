package io.quarry.scheduler.pool;

import java.time.Duration;

/**
 * What is known of a group's work at one instant.
 *
 * @param queued jobs that wait for a worker; not those in backoff
 * @param running jobs that the group's workers run
 * @param workers workers there are or that are coming, without those that were told to leave
 * @param oldestWait how long the oldest of the waiting jobs has waited; zero when none waits
 * @param arrivalsPerSecond jobs that arrive in a second, lately
 * @param serviceSeconds seconds that an attempt takes, lately; 0 when none has ended yet
 */
record Load(
        long queued, long running, int workers, Duration oldestWait, double arrivalsPerSecond, double serviceSeconds) {}
