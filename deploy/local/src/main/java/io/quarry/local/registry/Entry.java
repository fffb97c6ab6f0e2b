package io.quarry.local.registry;

import org.jspecify.annotations.Nullable;

/** One change of the registry, as its log keeps it. Of each key the last entry counts. */
sealed interface Entry {
    /** A version was registered or softly deleted. */
    record Registered(Version version) implements Entry {}

    /** A version was deleted for good. */
    record Erased(String subject, int version) implements Entry {}

    /** The level of a subject, or of all when the subject is null, was set; or unset when the level is null. */
    record CompatibilitySet(
            @Nullable String subject, @Nullable Compatibility level) implements Entry {}

    /** The mode of a subject, or of all when the subject is null, was set; or unset when the mode is null. */
    record ModeSet(@Nullable String subject, @Nullable Mode mode) implements Entry {}

    /** Ids up to this one were given away, so that none is given to another schema after an erasure. */
    record IdsGiven(int highest) implements Entry {}
}
