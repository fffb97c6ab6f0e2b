package io.quarry.local.registry;

/** A request that is refused, in the terms of Confluent's interface: HTTP status, error code and message. */
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final int code;

    private Refusal(int status, int code, String message) {
        super(message);
        this.status = status;
        this.code = code;
    }

    int status() {
        return status;
    }

    int code() {
        return code;
    }

    static Refusal noSuchPath() {
        return new Refusal(404, 404, "HTTP 404 Not Found");
    }

    static Refusal methodNotAllowed() {
        return new Refusal(405, 405, "HTTP 405 Method Not Allowed");
    }

    static Refusal unreadable(String message) {
        return new Refusal(400, 400, message);
    }

    static Refusal tooLarge(int limit) {
        return new Refusal(413, 413, "The request's body is larger than " + limit + " bytes");
    }

    static Refusal unavailable(String message) {
        return new Refusal(500, 50001, message);
    }

    static Refusal subjectNotFound(String subject) {
        return new Refusal(404, 40401, "Subject '" + subject + "' not found.");
    }

    static Refusal versionNotFound(Object version) {
        return new Refusal(404, 40402, "Version " + version + " not found.");
    }

    static Refusal schemaNotFound() {
        return new Refusal(404, 40403, "Schema not found");
    }

    static Refusal idNotFound(String id) {
        return new Refusal(404, 40403, "Schema " + id + " not found");
    }

    static Refusal subjectSoftDeleted(String subject) {
        return new Refusal(
                404, 40404, "Subject '" + subject + "' was soft deleted. Set permanent=true to delete permanently");
    }

    static Refusal subjectNotSoftDeleted(String subject) {
        return new Refusal(
                404, 40405, "Subject '" + subject + "' was not deleted first before being permanently deleted");
    }

    static Refusal versionSoftDeleted(String subject, int version) {
        return new Refusal(
                404,
                40406,
                "Subject '" + subject + "' Version " + version
                        + " was soft deleted. Set permanent=true to delete permanently");
    }

    static Refusal versionNotSoftDeleted(String subject, int version) {
        return new Refusal(
                404,
                40407,
                "Subject '" + subject + "' Version " + version
                        + " was not deleted first before being permanently deleted");
    }

    static Refusal noSubjectCompatibility(String subject) {
        return new Refusal(
                404, 40408, "Subject '" + subject + "' does not have subject-level compatibility configured");
    }

    static Refusal noSubjectMode(String subject) {
        return new Refusal(404, 40409, "Subject '" + subject + "' does not have subject-level mode configured");
    }

    static Refusal incompatible(String message) {
        return new Refusal(409, 409, message);
    }

    static Refusal invalidSchema(String message) {
        return new Refusal(422, 42201, "Invalid schema: " + message);
    }

    static Refusal invalidVersion(String version) {
        return new Refusal(
                422,
                42202,
                "The specified version '" + version + "' is not a valid version id. Allowed values are between"
                        + " [1, 2^31-1] and the string \"latest\"");
    }

    static Refusal invalidCompatibility(String level) {
        return new Refusal(
                422,
                42203,
                "Invalid compatibility level '" + level + "'. Valid values are none, backward, forward, full,"
                        + " backward_transitive, forward_transitive, and full_transitive");
    }

    static Refusal invalidMode(String mode) {
        return new Refusal(
                422,
                42204,
                "Invalid mode '" + mode + "'. Valid values are READWRITE, READONLY, READONLY_OVERRIDE and IMPORT");
    }

    static Refusal notPermitted(String message) {
        return new Refusal(422, 42205, message);
    }

    static Refusal referenced(String subject, int version) {
        return new Refusal(
                422,
                42206,
                "One or more references exist to the schema {magic=1,keytype=SCHEMA,subject=" + subject + ",version="
                        + version + "}");
    }
}
