@NullMarked
package io.quarry.scheduler.lifecycle;

import org.jspecify.annotations.NullMarked;
