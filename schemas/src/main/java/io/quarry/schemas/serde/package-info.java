/** Serializers and deserializers in the Confluent wire format, and the registry client beneath them. */
@NullMarked
package io.quarry.schemas.serde;

import org.jspecify.annotations.NullMarked;
