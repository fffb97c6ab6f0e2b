package io.quarry.schemas.serde;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.avro.Schema;

/** Schemas as other languages get them: without what only Java's code generator needs, so that all writers share one id. */
public final class WireSchemas {
    private static final ObjectMapper JSON = new ObjectMapper();

    private WireSchemas() {}

    /** A schema as one line of JSON with its documentation, without Java's string types. */
    public static String text(Schema schema) {
        try {
            return strip(JSON.readTree(schema.toString())).toString();
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("a schema did not print as JSON", impossible);
        }
    }

    private static JsonNode strip(JsonNode node) {
        if (node instanceof ObjectNode object) {
            object.remove("avro.java.string");
            object.properties().forEach(property -> property.setValue(strip(property.getValue())));
            if (object.size() == 1 && object.path("type").isTextual()) {
                return object.get("type");
            }
        } else if (node instanceof ArrayNode array) {
            for (int i = 0; i < array.size(); i++) {
                array.set(i, strip(array.get(i)));
            }
        }
        return node;
    }
}
