/** What a schedule means: cron expressions, time zones, expected ticks, templates. Pure: whoever reads a schedule asks here. */
@NullMarked
package io.quarry.schemas.schedule;

import org.jspecify.annotations.NullMarked;
