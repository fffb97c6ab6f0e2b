@NullMarked
package io.quarry.local.cli;

import org.jspecify.annotations.NullMarked;
