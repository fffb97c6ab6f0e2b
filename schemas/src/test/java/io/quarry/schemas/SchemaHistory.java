package io.quarry.schemas;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.quarry.avro.Command;
import io.quarry.avro.DeadJob;
import io.quarry.avro.GroupRevision;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobState;
import io.quarry.avro.Manifest;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.ScalingDecision;
import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleEvent;
import io.quarry.avro.ScheduleState;
import io.quarry.avro.ScheduleTick;
import io.quarry.avro.WorkerState;
import io.quarry.schemas.serde.WireSchemas;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.SchemaCompatibility.SchemaPairCompatibility;

/** The committed versions of the contract's records, and what a new version must keep to. Its main writes a new version. */
public final class SchemaHistory {
    static final List<Schema> CURRENT = List.of(
            Job.getClassSchema(),
            OfflineQuery.getClassSchema(),
            JobEvent.getClassSchema(),
            JobState.getClassSchema(),
            ResourceGroup.getClassSchema(),
            Command.getClassSchema(),
            DeadJob.getClassSchema(),
            Manifest.getClassSchema(),
            GroupRevision.getClassSchema(),
            WorkerState.getClassSchema(),
            ScalingDecision.getClassSchema(),
            Schedule.getClassSchema(),
            ScheduleEvent.getClassSchema(),
            ScheduleState.getClassSchema(),
            ScheduleTick.getClassSchema());

    private static final Path DIRECTORY = Path.of("src", "main", "resources", "avro");

    private SchemaHistory() {}

    /** Writes a version of every record whose schema differs from its newest one; see schemas/README.md. */
    public static void main(String[] args) throws IOException {
        Path root = args.length == 0 ? DIRECTORY : Path.of(args[0]);
        for (Schema schema : CURRENT) {
            List<Schema> committed = committed(root, schema.getName());
            if (committed.isEmpty() || !same(schema, committed.get(committed.size() - 1))) {
                Path file = root.resolve(schema.getName()).resolve((committed.size() + 1) + ".avsc");
                Files.createDirectories(file.resolveSibling(""));
                Files.writeString(file, pretty(schema) + "\n");
                System.out.println("wrote " + file);
            }
        }
    }

    static List<Schema> committed(String name) throws IOException {
        return committed(DIRECTORY, name);
    }

    /** Versions 1, 2, ... of a record as far as there is no gap. */
    private static List<Schema> committed(Path root, String name) throws IOException {
        List<Schema> versions = new ArrayList<>();
        for (int version = 1; ; version++) {
            Path file = root.resolve(name).resolve(version + ".avsc");
            if (!Files.exists(file)) {
                return versions;
            }
            versions.add(new Schema.Parser().parse(Files.readString(file, StandardCharsets.UTF_8)));
        }
    }

    /** What is wrong with a schema as the successor of the committed ones; empty when nothing is. */
    static List<String> problems(Schema current, List<Schema> committed) {
        List<String> problems = new ArrayList<>();
        if (committed.isEmpty() || !same(current, committed.get(committed.size() - 1))) {
            problems.add(current.getName() + " differs from its newest committed version: commit version "
                    + (committed.size() + 1) + " as schemas/README.md says");
        }
        for (int i = 0; i < committed.size(); i++) {
            String version = current.getName() + " version " + (i + 1);
            add(problems, version + " cannot be read any more", current, committed.get(i));
            add(problems, "readers of " + version + " cannot read the current one", committed.get(i), current);
        }
        return problems;
    }

    private static void add(List<String> problems, String what, Schema reader, Schema writer) {
        SchemaPairCompatibility pair = SchemaCompatibility.checkReaderWriterCompatibility(reader, writer);
        if (pair.getType() != SchemaCompatibilityType.COMPATIBLE) {
            problems.add(what + ": " + pair.getResult().getIncompatibilities());
        }
    }

    private static boolean same(Schema one, Schema other) {
        return WireSchemas.text(one).equals(WireSchemas.text(other));
    }

    private static String pretty(Schema schema) throws IOException {
        ObjectMapper json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
        return json.writeValueAsString(json.readTree(WireSchemas.text(schema)));
    }
}
