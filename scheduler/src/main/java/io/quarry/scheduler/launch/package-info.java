/** Oversize jobs: each gets a process of its own, a pod of a cluster or a child of local mode. */
@NullMarked
package io.quarry.scheduler.launch;

import org.jspecify.annotations.NullMarked;
