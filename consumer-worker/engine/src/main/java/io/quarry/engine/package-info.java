/** What runs a job: the JobHandler service interface and its typed context. */
@NullMarked
package io.quarry.engine;

import org.jspecify.annotations.NullMarked;
