@NullMarked
package io.quarry.local;

import org.jspecify.annotations.NullMarked;
