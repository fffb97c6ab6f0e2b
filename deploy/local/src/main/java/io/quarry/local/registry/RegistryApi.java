package io.quarry.local.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.quarry.local.registry.Registry.Candidate;
import io.quarry.local.registry.Registry.Deleted;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Confluent's interface without its transport: a method, a path and a body in, JSON out or a {@link Refusal}. */
final class RegistryApi {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Registry registry;

    RegistryApi(Registry registry) {
        this.registry = registry;
    }

    /**
     * A request, decoded.
     *
     * @param path the path's segments
     * @param query the query's parameters
     * @param body the body, a missing node when there is none
     */
    record Request(String method, List<String> path, Map<String, String> query, JsonNode body) {
        Request {
            path = List.copyOf(path);
            query = Map.copyOf(query);
        }

        boolean is(String wanted) {
            return method.equals(wanted);
        }

        boolean flag(String name) {
            return "true".equalsIgnoreCase(query.get(name));
        }

        Deleted deleted() {
            return flag("deletedOnly") ? Deleted.ALONE : flag("deleted") ? Deleted.SHOWN : Deleted.HIDDEN;
        }

        @Nullable String at(int index) {
            return index < path.size() ? path.get(index) : null;
        }
    }

    JsonNode answer(Request r) {
        if (r.path().isEmpty()) {
            return JSON.createObjectNode();
        }
        return switch (r.path().get(0)) {
            case "subjects" -> subjects(r);
            case "schemas" -> schemas(r);
            case "compatibility" -> compatibility(r);
            case "config" -> config(r);
            case "mode" -> mode(r);
            case "contexts" -> JSON.createArrayNode().add(".");
            default -> throw Refusal.noSuchPath();
        };
    }

    private JsonNode subjects(Request r) {
        String subject = r.at(1);
        String second = r.at(2);
        if (subject == null) {
            only(r, "GET");
            return strings(registry.subjects(r.deleted(), r.query().getOrDefault("subjectPrefix", "")));
        }
        if (second == null) {
            if (r.is("DELETE")) {
                return numbers(registry.deleteSubject(subject, r.flag("permanent")));
            }
            only(r, "POST");
            return described(registry.lookUp(subject, candidate(r.body()), r.deleted()));
        }
        if (!second.equals("versions")) {
            throw Refusal.noSuchPath();
        }
        String number = r.at(3);
        if (number == null) {
            if (r.is("POST")) {
                return JSON.createObjectNode()
                        .put(
                                "id",
                                registry.register(subject, candidate(r.body())).id());
            }
            only(r, "GET");
            return numbers(registry.versions(subject, r.deleted()).stream()
                    .map(Version::version)
                    .toList());
        }
        return version(r, subject, number);
    }

    private JsonNode version(Request r, String subject, String number) {
        String part = r.at(4);
        if (part == null) {
            if (r.is("DELETE")) {
                return JSON.getNodeFactory().numberNode(registry.deleteVersion(subject, number, r.flag("permanent")));
            }
            only(r, "GET");
            return described(registry.version(subject, number, r.deleted()));
        }
        only(r, "GET");
        return switch (part) {
            case "schema" -> tree(registry.version(subject, number, r.deleted()).schema());
            case "referencedby" -> numbers(registry.referencedBy(subject, number));
            default -> throw Refusal.noSuchPath();
        };
    }

    private JsonNode schemas(Request r) {
        only(r, "GET");
        String first = r.at(1);
        if (first == null) {
            ArrayNode all = JSON.createArrayNode();
            List<Version> versions = registry.all(r.deleted());
            for (int i = 0; i < versions.size(); i++) {
                boolean latest = i + 1 == versions.size()
                        || !versions.get(i + 1).subject().equals(versions.get(i).subject());
                if (versions.get(i).subject().startsWith(r.query().getOrDefault("subjectPrefix", ""))
                        && (latest || !r.flag("latestOnly"))) {
                    all.add(described(versions.get(i)));
                }
            }
            return all;
        }
        if (first.equals("types")) {
            return JSON.createArrayNode().add("AVRO");
        }
        String id = r.at(2);
        if (!first.equals("ids") || id == null) {
            throw Refusal.noSuchPath();
        }
        List<Version> found = registry.byId(id);
        List<Version> shown =
                found.stream().filter(v -> r.flag("deleted") || !v.deleted()).toList();
        String part = r.at(3);
        if (part == null) {
            return content(JSON.createObjectNode(), found.get(0));
        }
        return switch (part) {
            case "schema" -> tree(found.get(0).schema());
            case "subjects" ->
                strings(shown.stream().map(Version::subject).distinct().toList());
            case "versions" -> {
                ArrayNode pairs = JSON.createArrayNode();
                shown.forEach(v -> pairs.addObject().put("subject", v.subject()).put("version", v.version()));
                yield pairs;
            }
            default -> throw Refusal.noSuchPath();
        };
    }

    private JsonNode compatibility(Request r) {
        only(r, "POST");
        String subject = r.at(2);
        if (!"subjects".equals(r.at(1)) || subject == null || !"versions".equals(r.at(3))) {
            throw Refusal.noSuchPath();
        }
        List<String> objections = registry.objections(subject, r.at(4), candidate(r.body()));
        ObjectNode answer = JSON.createObjectNode().put("is_compatible", objections.isEmpty());
        if (r.flag("verbose")) {
            answer.set("messages", strings(objections));
        }
        return answer;
    }

    private JsonNode config(Request r) {
        String subject = r.at(1);
        if (r.is("PUT")) {
            Compatibility level = Compatibility.parse(text(r.body(), "compatibility"));
            registry.setLevel(subject, level);
            return JSON.createObjectNode().put("compatibility", level.name());
        }
        if (r.is("DELETE")) {
            return JSON.createObjectNode()
                    .put("compatibilityLevel", registry.unsetLevel(subject).name());
        }
        only(r, "GET");
        Compatibility level = subject == null ? registry.level() : registry.level(subject, r.flag("defaultToGlobal"));
        return JSON.createObjectNode().put("compatibilityLevel", level.name());
    }

    private JsonNode mode(Request r) {
        String subject = r.at(1);
        Mode mode;
        if (r.is("PUT")) {
            mode = Mode.parse(text(r.body(), "mode"));
            registry.setMode(subject, mode, r.flag("force"));
        } else if (r.is("DELETE") && subject != null) {
            mode = registry.unsetMode(subject);
        } else {
            only(r, "GET");
            mode = subject == null ? registry.mode() : registry.mode(subject, r.flag("defaultToGlobal"));
        }
        return JSON.createObjectNode().put("mode", mode.name());
    }

    private static void only(Request r, String method) {
        if (!r.is(method)) {
            throw Refusal.methodNotAllowed();
        }
    }

    private static Candidate candidate(JsonNode body) {
        String type = body.hasNonNull("schemaType") ? body.get("schemaType").asText() : "AVRO";
        if (!type.equals("AVRO")) {
            throw Refusal.invalidSchema("schemas of type " + type + " are not supported, only AVRO");
        }
        List<Reference> references = new ArrayList<>();
        for (JsonNode r : body.path("references")) {
            references.add(new Reference(
                    text(r, "name"), text(r, "subject"), r.path("version").asInt()));
        }
        return new Candidate(body.path("schema").asText(), references, positive(body, "id"), positive(body, "version"));
    }

    private static @Nullable Integer positive(JsonNode body, String field) {
        int value = body.path(field).asInt();
        return value > 0 ? value : null;
    }

    private static String text(JsonNode body, String field) {
        if (!body.hasNonNull(field)) {
            throw Refusal.unreadable("The body has no field '" + field + "'");
        }
        return body.get(field).asText();
    }

    private static ObjectNode described(Version v) {
        ObjectNode node = JSON.createObjectNode()
                .put("subject", v.subject())
                .put("version", v.version())
                .put("id", v.id());
        return content(node, v);
    }

    private static ObjectNode content(ObjectNode node, Version v) {
        for (Reference reference : v.references()) {
            node.withArray("references")
                    .addObject()
                    .put("name", reference.name())
                    .put("subject", reference.subject())
                    .put("version", reference.version());
        }
        return node.put("schema", v.schema());
    }

    private static JsonNode tree(String json) {
        try {
            return JSON.readTree(json);
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new IllegalStateException("A registered schema is no JSON", e);
        }
    }

    private static ArrayNode strings(Collection<String> values) {
        ArrayNode array = JSON.createArrayNode();
        values.forEach(array::add);
        return array;
    }

    private static ArrayNode numbers(Collection<Integer> values) {
        ArrayNode array = JSON.createArrayNode();
        values.forEach(array::add);
        return array;
    }
}
