/** The planner: an offline query and a catalog in, one SQL text with point-in-time semantics out. */
@NullMarked
package io.quarry.engine.plan;

import org.jspecify.annotations.NullMarked;
