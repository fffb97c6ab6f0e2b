/** The Java client: submits jobs, follows them and cancels them. What is public here is a promise. */
@NullMarked
package io.quarry.client;

import org.jspecify.annotations.NullMarked;
