/** The life of a job: from its record in a job topic to its final row in job-state. */
@NullMarked
package io.quarry.scheduler.lifecycle;

import org.jspecify.annotations.NullMarked;
