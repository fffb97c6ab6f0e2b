/** Topics and share groups as the cluster must have them, made and checked. */
@NullMarked
package io.quarry.schemas.provision;

import org.jspecify.annotations.NullMarked;
