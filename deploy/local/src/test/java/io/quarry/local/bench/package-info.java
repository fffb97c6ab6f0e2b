@NullMarked
package io.quarry.local.bench;

import org.jspecify.annotations.NullMarked;
