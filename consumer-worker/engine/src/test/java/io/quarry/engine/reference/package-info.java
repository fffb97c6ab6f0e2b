/** A second, plain way to answer an offline query, to compare the planner with. */
@NullMarked
package io.quarry.engine.reference;

import org.jspecify.annotations.NullMarked;
