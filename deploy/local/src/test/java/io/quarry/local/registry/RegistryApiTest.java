package io.quarry.local.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.quarry.local.registry.RegistryApi.Request;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RegistryApiTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String A = record("{\"name\":\"a\",\"type\":\"int\"}");
    private static final String A_OPTIONAL_B = record(
            "{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"b\",\"type\":[\"null\",\"string\"],\"default\":null}");
    private static final String A_REQUIRED_B =
            record("{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"b\",\"type\":\"string\"}");

    private final List<Entry> log = new ArrayList<>();
    private RegistryApi api = new RegistryApi(new Registry(new Catalogue(), log::add));

    @Test
    void theSameSchemaHasOneIdInAllSubjects() {
        int id = register("one", A);

        assertThat(register("two", A)).isEqualTo(id);
        assertThat(register("two", A_OPTIONAL_B)).isEqualTo(id + 1);
        assertThat(get("schemas/ids/" + id + "/subjects")).hasToString("[\"one\",\"two\"]");
        assertThat(get("schemas/ids/" + id + "/versions"))
                .hasToString("[{\"subject\":\"one\",\"version\":1},{\"subject\":\"two\",\"version\":1}]");
    }

    @Test
    void registeringTwiceChangesNothing() {
        register("s", A);
        int written = log.size();

        register("s", A.replace(":", " : "));

        assertThat(log).hasSize(written);
        assertThat(get("subjects/s/versions")).hasToString("[1]");
    }

    @Test
    void aVersionIsFoundByNumberAndAsTheLatest() {
        register("s", A);
        int id = register("s", A_OPTIONAL_B);

        assertThat(get("subjects/s/versions/1").get("schema").asText()).isEqualTo(A);
        for (String latest : List.of("latest", "-1", "2")) {
            JsonNode found = get("subjects/s/versions/" + latest);
            assertThat(found.get("id").asInt()).isEqualTo(id);
            assertThat(found.get("version").asInt()).isEqualTo(2);
            assertThat(found.get("subject").asText()).isEqualTo("s");
        }
        assertThat(get("subjects/s/versions/1/schema").get("name").asText()).isEqualTo("R");
        assertThat(get("schemas/ids/" + id).get("schema").asText()).isEqualTo(A_OPTIONAL_B);
        assertThat(get("schemas/ids/" + id + "/schema").get("type").asText()).isEqualTo("record");
    }

    @Test
    void whatIsMissingHasConfluentsCodes() {
        register("s", A);

        refused(404, 40401, () -> get("subjects/none/versions"));
        refused(404, 40401, () -> get("subjects/none/versions/1"));
        refused(404, 40402, () -> get("subjects/s/versions/9"));
        refused(404, 40403, () -> get("schemas/ids/99"));
        refused(404, 40401, () -> call("POST", "subjects/none", schema(A)));
        refused(404, 40403, () -> call("POST", "subjects/s", schema(A_OPTIONAL_B)));
        refused(404, 40408, () -> get("config/s"));
        refused(404, 40409, () -> get("mode/s"));
        refused(404, 404, () -> get("associations/subjects/s"));
        refused(405, 405, () -> call("PATCH", "subjects", MissingNode.getInstance()));
    }

    @Test
    void whatIsInvalidHasConfluentsCodes() {
        register("s", A);

        refused(422, 42201, () -> register("s", "{\"type\":\"no such type\"}"));
        refused(422, 42201, () -> register("s", ""));
        refused(422, 42201, () -> register("s", "{"));
        refused(422, 42201, () -> call("POST", "subjects/s/versions", schema(A).put("schemaType", "PROTOBUF")));
        refused(422, 42202, () -> get("subjects/s/versions/0"));
        refused(422, 42202, () -> get("subjects/s/versions/newest"));
        refused(422, 42203, () -> call("PUT", "config", JSON.createObjectNode().put("compatibility", "SOME")));
        refused(422, 42204, () -> call("PUT", "mode", JSON.createObjectNode().put("mode", "SOME")));
        refused(400, 400, () -> call("PUT", "config", JSON.createObjectNode()));
    }

    @Test
    void backwardIsTheDefaultLevel() {
        register("s", A);

        assertThat(get("config").get("compatibilityLevel").asText()).isEqualTo("BACKWARD");
        refused(409, 409, () -> register("s", A_REQUIRED_B));
        assertThat(get("subjects/s/versions")).hasToString("[1]");
    }

    @ParameterizedTest
    @CsvSource({
        "NONE, true, true",
        "BACKWARD, false, true",
        "BACKWARD_TRANSITIVE, false, true",
        "FORWARD, true, false",
        "FORWARD_TRANSITIVE, true, false",
        "FULL, false, false",
        "FULL_TRANSITIVE, false, false"
    })
    void eachLevelDecidesAboutANewAndALostField(String level, boolean addRequired, boolean removeRequired) {
        call("PUT", "config/grown", JSON.createObjectNode().put("compatibility", level));
        call("PUT", "config/shrunk", JSON.createObjectNode().put("compatibility", level));
        register("grown", A);
        register("shrunk", A_REQUIRED_B);

        assertThat(compatible("grown", "latest", A_REQUIRED_B)).isEqualTo(addRequired);
        assertThat(compatible("shrunk", "latest", A)).isEqualTo(removeRequired);
    }

    @Test
    void aTransitiveLevelLooksAtAllVersions() {
        register("s", A);
        register("s", A_OPTIONAL_B);
        String withRequired = record("{\"name\":\"b\",\"type\":[\"null\",\"string\"]}");

        assertThat(compatible("s", null, withRequired)).isTrue();
        call("PUT", "config/s", JSON.createObjectNode().put("compatibility", "backward_transitive"));
        assertThat(compatible("s", null, withRequired)).isFalse();
    }

    @Test
    void aVerboseCheckSaysWhatStandsAgainstIt() {
        register("s", A);

        JsonNode answer = call("POST", "compatibility/subjects/s/versions/latest?verbose=true", schema(A_REQUIRED_B));

        assertThat(answer.get("is_compatible").asBoolean()).isFalse();
        assertThat(answer.get("messages").get(0).asText()).contains("READER_FIELD_MISSING_DEFAULT_VALUE", "b");
    }

    @Test
    void aNewSubjectTakesAnySchema() {
        assertThat(compatible("new", "latest", A)).isTrue();
        refused(404, 40401, () -> compatible("new", "3", A));
    }

    @Test
    void aSoftlyDeletedSubjectIsHiddenAndItsIdsStayReadable() {
        int id = register("s", A);

        assertThat(call("DELETE", "subjects/s")).hasToString("[1]");

        assertThat(get("subjects")).hasToString("[]");
        assertThat(get("subjects?deleted=true")).hasToString("[\"s\"]");
        assertThat(get("subjects?deletedOnly=true")).hasToString("[\"s\"]");
        assertThat(get("schemas/ids/" + id).get("schema").asText()).isEqualTo(A);
        assertThat(get("subjects/s/versions/1?deleted=true").get("id").asInt()).isEqualTo(id);
        refused(404, 40401, () -> get("subjects/s/versions"));
        refused(404, 40404, () -> call("DELETE", "subjects/s"));
    }

    @Test
    void registeringAfterASoftDeleteCountsOn() {
        int id = register("s", A);
        call("DELETE", "subjects/s");

        assertThat(register("s", A)).isEqualTo(id);
        assertThat(get("subjects/s/versions")).hasToString("[2]");
    }

    @Test
    void onlyWhatWasSoftlyDeletedIsDeletedForGood() {
        int id = register("s", A);
        refused(404, 40405, () -> call("DELETE", "subjects/s?permanent=true"));
        refused(404, 40407, () -> call("DELETE", "subjects/s/versions/1?permanent=true"));
        assertThat(call("DELETE", "subjects/s/versions/latest")).hasToString("1");
        refused(404, 40406, () -> call("DELETE", "subjects/s/versions/1"));

        assertThat(call("DELETE", "subjects/s/versions/1?permanent=true")).hasToString("1");

        refused(404, 40403, () -> get("schemas/ids/" + id));
        assertThat(get("subjects?deleted=true")).hasToString("[]");
    }

    @Test
    void anIdIsNeverGivenToAnotherSchemaNotEvenAfterARestart() {
        int id = register("s", A);
        call("DELETE", "subjects/s");
        call("DELETE", "subjects/s?permanent=true");

        restart();

        assertThat(register("s", A_OPTIONAL_B)).isEqualTo(id + 1);
    }

    @Test
    void aRestartFindsEverythingAgain() {
        register("s", A);
        register("s", A_OPTIONAL_B);
        register("gone", A);
        call("DELETE", "subjects/gone");
        call("PUT", "config", JSON.createObjectNode().put("compatibility", "FULL"));
        call("PUT", "config/s", JSON.createObjectNode().put("compatibility", "NONE"));
        call("PUT", "mode/s", JSON.createObjectNode().put("mode", "READONLY"));
        List<String> paths = List.of(
                "subjects?deleted=true",
                "subjects",
                "subjects/s/versions/1",
                "subjects/s/versions/latest",
                "schemas",
                "config",
                "config/s",
                "mode",
                "mode/s");
        List<JsonNode> before = paths.stream().map(this::get).toList();

        restart();

        assertThat(paths.stream().map(this::get).toList()).isEqualTo(before);
    }

    @Test
    void aReferenceIsResolvedAndProtectsWhatItRefersTo() {
        register("inner", "{\"type\":\"record\",\"name\":\"Inner\",\"namespace\":\"n\",\"fields\":[]}");
        String outer =
                "{\"type\":\"record\",\"name\":\"Outer\",\"namespace\":\"n\",\"fields\":[{\"name\":\"i\",\"type\":\"Inner\"}]}";
        refused(422, 42201, () -> register("outer", outer));

        ObjectNode body = schema(outer);
        ArrayNode references = body.putArray("references");
        references.addObject().put("name", "n.Inner").put("subject", "inner").put("version", 1);
        int id = call("POST", "subjects/outer/versions", body).get("id").asInt();

        JsonNode found = get("schemas/ids/" + id);
        assertThat(found.get("references")).isEqualTo(references);
        assertThat(found.get("schema").asText()).doesNotContain("\"name\":\"Inner\"");
        assertThat(get("subjects/inner/versions/1/referencedby")).hasToString("[" + id + "]");
        refused(422, 42206, () -> call("DELETE", "subjects/inner/versions/1"));
        assertThat(call("POST", "subjects/outer", body).get("version").asInt()).isEqualTo(1);
    }

    @Test
    void aMissingReferenceIsRefused() {
        ObjectNode body = schema(A);
        body.putArray("references")
                .addObject()
                .put("name", "X")
                .put("subject", "none")
                .put("version", 1);

        refused(422, 42201, () -> call("POST", "subjects/s/versions", body));
    }

    @Test
    void aReadOnlySubjectTakesNothingNew() {
        register("s", A);
        call("PUT", "mode/s", JSON.createObjectNode().put("mode", "READONLY"));

        assertThat(register("s", A)).isEqualTo(1);
        refused(422, 42205, () -> register("s", A_OPTIONAL_B));
        refused(422, 42205, () -> call("DELETE", "subjects/s"));
        call("DELETE", "mode/s");
        register("s", A_OPTIONAL_B);
    }

    @Test
    void importKeepsTheGivenIdAndVersion() {
        refused(422, 42205, () -> call("POST", "subjects/s/versions", schema(A).put("id", 77)));
        call("PUT", "mode", JSON.createObjectNode().put("mode", "IMPORT"));

        call("POST", "subjects/s/versions", schema(A).put("id", 77).put("version", 5));

        assertThat(get("subjects/s/versions/5").get("id").asInt()).isEqualTo(77);
        refused(
                422,
                42205,
                () -> call("POST", "subjects/t/versions", schema(A_OPTIONAL_B).put("id", 77)));
        refused(422, 42205, () -> call("PUT", "mode", JSON.createObjectNode().put("mode", "IMPORT")));
    }

    @Test
    void unsettingALevelGoesBackToTheGlobalOne() {
        call("PUT", "config/s", JSON.createObjectNode().put("compatibility", "NONE"));

        assertThat(call("DELETE", "config/s").get("compatibilityLevel").asText())
                .isEqualTo("NONE");
        assertThat(get("config/s?defaultToGlobal=true")
                        .get("compatibilityLevel")
                        .asText())
                .isEqualTo("BACKWARD");
    }

    @Test
    void typesAreAvroAlone() {
        assertThat(get("schemas/types")).hasToString("[\"AVRO\"]");
        assertThat(get("")).hasToString("{}");
        assertThat(get("contexts")).hasToString("[\".\"]");
    }

    @Test
    void nothingIsVisibleThatCouldNotBeMadeDurable() {
        api = new RegistryApi(new Registry(new Catalogue(), entry -> {
            throw Refusal.unavailable("no broker");
        }));

        refused(500, 50001, () -> register("s", A));
        assertThat(get("subjects")).hasToString("[]");
    }

    private void restart() {
        Catalogue catalogue = new Catalogue();
        for (Entry entry : log) {
            EntryJson.Row row = EntryJson.write(entry);
            EntryJson.read(row.key(), row.value()).ifPresent(catalogue::apply);
        }
        api = new RegistryApi(new Registry(catalogue, log::add));
    }

    private int register(String subject, String schema) {
        return call("POST", "subjects/" + subject + "/versions", schema(schema))
                .get("id")
                .asInt();
    }

    private boolean compatible(String subject, @org.jspecify.annotations.Nullable String version, String schema) {
        String path = "compatibility/subjects/" + subject + "/versions" + (version == null ? "" : "/" + version);
        return call("POST", path, schema(schema)).get("is_compatible").asBoolean();
    }

    private JsonNode get(String path) {
        return call("GET", path, MissingNode.getInstance());
    }

    private JsonNode call(String method, String path) {
        return call(method, path, MissingNode.getInstance());
    }

    private JsonNode call(String method, String pathAndQuery, JsonNode body) {
        String[] halves = pathAndQuery.split("\\?", -1);
        Map<String, String> query = new HashMap<>();
        if (halves.length > 1) {
            String[] pair = halves[1].split("=", -1);
            query.put(pair[0], pair[1]);
        }
        List<String> path = halves[0].isEmpty() ? List.of() : List.of(halves[0].split("/", -1));
        return api.answer(new Request(method, path, query, body));
    }

    private static void refused(int status, int code, Runnable call) {
        assertThatThrownBy(call::run).isInstanceOfSatisfying(Refusal.class, e -> {
            assertThat(e.status()).isEqualTo(status);
            assertThat(e.code()).isEqualTo(code);
        });
    }

    private static ObjectNode schema(String text) {
        return JSON.createObjectNode().put("schema", text);
    }

    private static String record(String fields) {
        String text = "{\"type\":\"record\",\"name\":\"R\",\"fields\":[" + fields + "]}";
        try {
            JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(text, e);
        }
        return text;
    }
}
