package io.quarry.local.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Writes an entry as a record of the log and reads it again: JSON keys, JSON values, null for what is no more. */
final class EntryJson {
    private static final ObjectMapper JSON = new ObjectMapper();

    private EntryJson() {}

    record Row(String key, @Nullable String value) {}

    static Row write(Entry entry) {
        if (entry instanceof Entry.Registered e) {
            Version v = e.version();
            ObjectNode value = JSON.createObjectNode()
                    .put("subject", v.subject())
                    .put("version", v.version())
                    .put("id", v.id())
                    .put("schema", v.schema())
                    .put("deleted", v.deleted());
            for (Reference r : v.references()) {
                value.withArray("references")
                        .addObject()
                        .put("name", r.name())
                        .put("subject", r.subject())
                        .put("version", r.version());
            }
            return new Row(versionKey(v.subject(), v.version()), value.toString());
        } else if (entry instanceof Entry.Erased e) {
            return new Row(versionKey(e.subject(), e.version()), null);
        } else if (entry instanceof Entry.CompatibilitySet e) {
            return named("CONFIG", e.subject(), "compatibilityLevel", e.level());
        } else if (entry instanceof Entry.ModeSet e) {
            return named("MODE", e.subject(), "mode", e.mode());
        } else if (entry instanceof Entry.IdsGiven e) {
            return new Row(
                    key("IDS").toString(),
                    JSON.createObjectNode().put("highest", e.highest()).toString());
        }
        throw new IllegalArgumentException("No such entry: " + entry);
    }

    /** The entry of a record, or nothing when the record is of a kind that this version does not know. */
    static Optional<Entry> read(String key, @Nullable String value) {
        try {
            JsonNode k = JSON.readTree(key);
            JsonNode v = value == null ? null : JSON.readTree(value);
            String subject = k.hasNonNull("subject") ? k.get("subject").asText() : null;
            return switch (k.path("keytype").asText()) {
                case "SCHEMA" ->
                    Optional.of(
                            v == null || subject == null
                                    ? new Entry.Erased(
                                            String.valueOf(subject),
                                            k.path("version").asInt())
                                    : new Entry.Registered(version(v)));
                case "CONFIG" ->
                    Optional.of(new Entry.CompatibilitySet(
                            subject,
                            v == null
                                    ? null
                                    : Compatibility.parse(
                                            v.path("compatibilityLevel").asText())));
                case "MODE" ->
                    Optional.of(new Entry.ModeSet(
                            subject,
                            v == null ? null : Mode.parse(v.path("mode").asText())));
                case "IDS" ->
                    Optional.of(
                            new Entry.IdsGiven(v == null ? 0 : v.path("highest").asInt()));
                default -> Optional.empty();
            };
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("The registry's log has a record that is not JSON, with the key " + key, e);
        }
    }

    private static Version version(JsonNode v) {
        List<Reference> references = new ArrayList<>();
        for (JsonNode r : v.path("references")) {
            references.add(new Reference(
                    r.path("name").asText(),
                    r.path("subject").asText(),
                    r.path("version").asInt()));
        }
        return new Version(
                v.path("subject").asText(),
                v.path("version").asInt(),
                v.path("id").asInt(),
                v.path("schema").asText(),
                references,
                v.path("deleted").asBoolean());
    }

    private static Row named(String kind, @Nullable String subject, String field, @Nullable Enum<?> value) {
        ObjectNode key = key(kind).put("subject", subject);
        return new Row(
                key.toString(),
                value == null
                        ? null
                        : JSON.createObjectNode().put(field, value.name()).toString());
    }

    private static String versionKey(String subject, int version) {
        return key("SCHEMA").put("subject", subject).put("version", version).toString();
    }

    private static ObjectNode key(String kind) {
        return JSON.createObjectNode().put("keytype", kind);
    }
}
