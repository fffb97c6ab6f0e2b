@NullMarked
package io.quarry.worker;

import org.jspecify.annotations.NullMarked;
