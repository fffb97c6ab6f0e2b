/** The schema registry of local mode: Confluent's REST interface over one compacted topic. */
@NullMarked
package io.quarry.local.registry;

import org.jspecify.annotations.NullMarked;
