/** What the engine costs beside SQL written by hand: the core of {@code quarry bench query}. */
@NullMarked
package io.quarry.engine.bench;

import org.jspecify.annotations.NullMarked;
