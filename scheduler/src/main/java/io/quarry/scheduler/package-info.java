/** The scheduler process: wiring of its features. */
@NullMarked
package io.quarry.scheduler;

import org.jspecify.annotations.NullMarked;
