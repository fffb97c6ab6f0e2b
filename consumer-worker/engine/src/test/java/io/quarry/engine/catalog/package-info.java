/** What a catalog may say, and what it is told when it says something else. */
@NullMarked
package io.quarry.engine.catalog;

import org.jspecify.annotations.NullMarked;
