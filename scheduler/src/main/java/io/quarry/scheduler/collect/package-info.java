/** Tidies up after jobs that are done: points to what was published and removes what was not. */
@NullMarked
package io.quarry.scheduler.collect;

import org.jspecify.annotations.NullMarked;
