/** The quarry command: reads job files, talks to a broker, shows what comes of it. */
@NullMarked
package io.quarry.local.cli;

import org.jspecify.annotations.NullMarked;
