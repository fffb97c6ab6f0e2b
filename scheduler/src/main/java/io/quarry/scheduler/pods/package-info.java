/** What the pods of launched jobs and those of workers have in common, and how the cluster is reached. No feature. */
@NullMarked
package io.quarry.scheduler.pods;

import org.jspecify.annotations.NullMarked;
