@NullMarked
package io.quarry.local.chaos;

import org.jspecify.annotations.NullMarked;
