/** The worker: takes one job at a time from its group's queue, claims it, runs it and reports. Wired in WorkerProcess. */
@NullMarked
package io.quarry.worker;

import org.jspecify.annotations.NullMarked;
