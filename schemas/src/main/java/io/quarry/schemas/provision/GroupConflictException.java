package io.quarry.schemas.provision;

import io.quarry.avro.ResourceGroup;
import org.jspecify.annotations.Nullable;

/** Somebody changed a group after it was looked at and before the change that was decided by that look. Nothing was written. */
public final class GroupConflictException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    GroupConflictException(String name, @Nullable ResourceGroup expected, @Nullable ResourceGroup is) {
        super("resource group " + name + " was changed meanwhile: it was at " + at(expected)
                + " when it was looked at and is at " + at(is)
                + " now. Nothing was written; look at it again, then repeat the change");
    }

    private static String at(@Nullable ResourceGroup group) {
        return group == null
                ? "no version, being absent,"
                : "version " + group.getVersion() + (group.getChangedBy() == null ? "" : " by " + group.getChangedBy());
    }
}
