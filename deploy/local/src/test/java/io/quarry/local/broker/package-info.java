@NullMarked
package io.quarry.local.broker;

import org.jspecify.annotations.NullMarked;
