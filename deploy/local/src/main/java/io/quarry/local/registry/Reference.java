package io.quarry.local.registry;

/**
 * A named type that a schema takes from a version of another subject.
 *
 * @param name full name of the type
 * @param subject where it is registered
 * @param version which version of the subject
 */
record Reference(String name, String subject, int version) {}
