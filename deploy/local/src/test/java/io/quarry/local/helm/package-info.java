@NullMarked
package io.quarry.local.helm;

import org.jspecify.annotations.NullMarked;
