/** The feature catalog: entities, sources and features read from YAML and checked as a whole. */
@NullMarked
package io.quarry.engine.catalog;

import org.jspecify.annotations.NullMarked;
