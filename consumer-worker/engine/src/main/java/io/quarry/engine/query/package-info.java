/** Runs offline queries on DuckDB: locked down, bounded, and published as Parquet parts with a manifest. */
@NullMarked
package io.quarry.engine.query;

import org.jspecify.annotations.NullMarked;
