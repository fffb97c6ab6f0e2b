import io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import io.confluent.kafka.serializers.KafkaAvroSerializer;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringSerializer;

/** Submits one job to Quarry with Confluent's serializer and generic records: nothing of Quarry is on the class path. */
public final class Submit {
    private static final String TOPIC = "quarry.jobs.default";

    public static void main(String[] args) throws Exception {
        if (args.length < 2) {
            System.err.println("usage: java -cp <jars> Submit.java <bootstrap servers> <registry url> [job id]");
            System.exit(2);
        }
        String id = args.length > 2 ? args[2] : UUID.randomUUID().toString();

        // Quarry has registered the schema of its topic.
        String text = new CachedSchemaRegistryClient(args[1], 10)
                .getLatestSchemaMetadata(TOPIC + "-value")
                .getSchema();
        GenericRecord job = job(new Schema.Parser().parse(text), id);

        Map<String, Object> settings = Map.of(
                "bootstrap.servers", args[0],
                "schema.registry.url", args[1],
                "key.serializer", StringSerializer.class,
                "value.serializer", KafkaAvroSerializer.class,
                "auto.register.schemas", false,
                "use.latest.version", true,
                "acks", "all",
                "enable.idempotence", true);
        try (KafkaProducer<String, GenericRecord> producer = new KafkaProducer<>(settings)) {
            // The key is the job's id. Sending the same id again is the same job, not a second run.
            RecordMetadata sent = producer.send(new ProducerRecord<>(TOPIC, id, job)).get();
            System.out.println("{\"id\":\"" + id + "\",\"topic\":\"" + TOPIC + "\",\"offset\":" + sent.offset() + "}");
        }
    }

    /** The city and state of three airports; fields that are left out take the schema's defaults. */
    private static GenericRecord job(Schema schema, String id) {
        Schema query = optional(schema, "offline_query");
        Schema input = query.getField("input").schema();
        Schema column = optional(input, "columns").getElementType();
        GenericRecord airports = new GenericRecordBuilder(column)
                .set("name", "iata")
                .set("values", List.of("SFO", "ORD", "JFK"))
                .build();
        return new GenericRecordBuilder(schema)
                .set("id", id)
                .set("name", "airports from Java")
                .set("submitter", "examples/confluent-java")
                .set("tags", Map.of("language", "java"))
                .set("offline_query", new GenericRecordBuilder(query)
                        .set("input", new GenericRecordBuilder(input).set("columns", List.of(airports)).build())
                        .set("outputs", List.of("airport.city", "airport.state"))
                        .build())
                .build();
    }

    /** Schema of an optional field: the branch of its union that is not null. */
    private static Schema optional(Schema record, String field) {
        return record.getField(field).schema().getTypes().get(1);
    }
}
