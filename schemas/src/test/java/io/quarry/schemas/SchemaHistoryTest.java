package io.quarry.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Job;
import io.quarry.schemas.serde.WireSchemas;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;

class SchemaHistoryTest {
    @Test
    void everyRecordIsCommittedAndFullyCompatibleWithAllItsVersions() throws IOException {
        for (Schema schema : SchemaHistory.CURRENT) {
            assertThat(SchemaHistory.problems(schema, SchemaHistory.committed(schema.getName())))
                    .isEmpty();
        }
    }

    @Test
    void aBrokenContractIsFound() {
        String text = WireSchemas.text(Job.getClassSchema());
        Schema good = new Schema.Parser().parse(text);
        Map<String, Schema> broken = Map.of(
                "a new field without a default",
                edited(text, "{\"name\":\"attempt\"", "{\"name\":\"extra\",\"type\":\"long\"},{\"name\":\"attempt\""),
                "another type",
                edited(text, "\"name\":\"id\",\"type\":\"string\"", "\"name\":\"id\",\"type\":\"long\""),
                "a wider type, which old readers cannot read",
                edited(text, "\"name\":\"attempt\",\"type\":\"int\"", "\"name\":\"attempt\",\"type\":\"long\""),
                "a renamed required field",
                edited(text, "{\"name\":\"id\"", "{\"name\":\"job_id\""),
                "a union with a new branch",
                edited(
                        text,
                        "\"name\":\"submitter\",\"type\":[\"null\",\"string\"]",
                        "\"name\":\"submitter\",\"type\":[\"null\",\"string\",\"long\"]"));
        broken.forEach((how, schema) -> assertThat(SchemaHistory.problems(schema, List.of(good, schema)))
                .as(how)
                .anyMatch(problem -> problem.contains("Job version 1")));
    }

    @Test
    void aBreachOfAnOldVersionIsFoundThoughTheNewestAgrees() {
        Schema one = schema("{\"name\":\"a\",\"type\":\"int\"}");
        Schema two = schema("{\"name\":\"a\",\"type\":\"int\",\"default\":1}");
        Schema three = schema("");
        assertThat(SchemaHistory.problems(three, List.of(two, three))).isEmpty();
        assertThat(SchemaHistory.problems(three, List.of(one, two, three)))
                .singleElement()
                .asString()
                .contains("readers of R version 1");
    }

    @Test
    void aChangeWithoutANewVersionIsFound() {
        Schema committed = schema("");
        Schema changed = schema("{\"name\":\"a\",\"type\":\"int\",\"default\":1}");
        assertThat(SchemaHistory.problems(changed, List.of(committed)))
                .singleElement()
                .asString()
                .contains("commit version 2");
        assertThat(SchemaHistory.problems(changed, List.of(committed, changed))).isEmpty();
        assertThat(SchemaHistory.problems(changed, List.of())).hasSize(1);
    }

    private static Schema schema(String fields) {
        return new Schema.Parser().parse("{\"type\":\"record\",\"name\":\"R\",\"fields\":[" + fields + "]}");
    }

    private static Schema edited(String text, String before, String after) {
        assertThat(text).contains(before);
        return new Schema.Parser().parse(text.replace(before, after));
    }
}
