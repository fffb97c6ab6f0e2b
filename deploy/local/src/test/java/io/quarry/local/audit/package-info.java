@NullMarked
package io.quarry.local.audit;

import org.jspecify.annotations.NullMarked;
