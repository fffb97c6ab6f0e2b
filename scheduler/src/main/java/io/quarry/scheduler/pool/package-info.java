/** The pools of workers: how many a group should have, and what is done about it. Meets the other features at topics only. */
@NullMarked
package io.quarry.scheduler.pool;

import org.jspecify.annotations.NullMarked;
