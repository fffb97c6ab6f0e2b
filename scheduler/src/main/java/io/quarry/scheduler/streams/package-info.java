/** What the scheduler's topologies have in common: how they run, what they read and write with, how they keep little memory. */
@NullMarked
package io.quarry.scheduler.streams;

import org.jspecify.annotations.NullMarked;
