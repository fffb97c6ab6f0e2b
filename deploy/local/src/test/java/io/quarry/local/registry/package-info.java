@NullMarked
package io.quarry.local.registry;

import org.jspecify.annotations.NullMarked;
