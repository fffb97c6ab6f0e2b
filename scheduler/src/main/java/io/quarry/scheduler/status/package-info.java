/** What a scheduler says of itself over HTTP: whether it lives, whether it is ready, and its counters. No feature. */
@NullMarked
package io.quarry.scheduler.status;

import org.jspecify.annotations.NullMarked;
