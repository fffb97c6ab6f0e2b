package io.quarry.schemas;

/**
 * One broken rule of a record.
 *
 * @param field path of the field as in the Avro schema, such as {@code offline_query.input.range.step}
 * @param value the value found, shortened to 200 characters
 * @param rule what is allowed, one sentence
 */
public record Violation(String field, String value, String rule) {
    @Override
    public String toString() {
        return field + " is " + value + ": " + rule;
    }
}
