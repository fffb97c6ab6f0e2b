/** Schedules: ticks become jobs, once each, and the ledger says what became of every one. See DESIGN.md beside this file. */
@NullMarked
package io.quarry.scheduler.trigger;

import org.jspecify.annotations.NullMarked;
