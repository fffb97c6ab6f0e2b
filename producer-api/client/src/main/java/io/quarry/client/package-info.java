@NullMarked
package io.quarry.client;

import org.jspecify.annotations.NullMarked;
