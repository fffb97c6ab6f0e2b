/** The Kafka broker of local mode, which runs in this JVM. */
@NullMarked
package io.quarry.local.broker;

import org.jspecify.annotations.NullMarked;
