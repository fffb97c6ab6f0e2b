/** What a value means, shown on small data. */
@NullMarked
package io.quarry.engine.plan;

import org.jspecify.annotations.NullMarked;
