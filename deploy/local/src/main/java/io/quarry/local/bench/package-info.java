/** Measurements of whole workers beside loops written by hand. */
@NullMarked
package io.quarry.local.bench;

import org.jspecify.annotations.NullMarked;
