/** The wire contract: topics, rules of a job record, placement. */
@NullMarked
package io.quarry.schemas;

import org.jspecify.annotations.NullMarked;
