package io.quarry.local.registry;

/** Where changes are made durable before they count. */
@FunctionalInterface
interface Journal {
    /**
     * Returns when the entry is durable.
     *
     * @throws Refusal when it could not be made so
     */
    void append(Entry entry);
}
