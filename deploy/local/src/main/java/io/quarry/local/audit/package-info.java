/** Proves from the topics alone that no job was lost, doubled or left unexplained. Knows the schemas and nothing of the lifecycle. */
@NullMarked
package io.quarry.local.audit;

import org.jspecify.annotations.NullMarked;
