/** Runs an installation of real processes and breaks it in every way known, with jobs whose results can be checked from outside. */
@NullMarked
package io.quarry.local.chaos;

import org.jspecify.annotations.NullMarked;
