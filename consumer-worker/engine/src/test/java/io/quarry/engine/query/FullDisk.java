package io.quarry.engine.query;

import io.quarry.avro.OfflineQuery;
import io.quarry.avro.QueryInput;
import io.quarry.engine.HandlerSettings;
import io.quarry.engine.JobFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Runs one query below a directory in a process of its own, and prints how it ended and what is left of its dataset. */
final class FullDisk {
    private FullDisk() {}

    public static void main(String[] args) throws Exception {
        Path root = Path.of(args[0]);
        OfflineQueryHandler handler = new OfflineQueryHandler();
        handler.open(new HandlerSettings(
                Map.of("engine.catalog", root.resolve("catalog.yaml").toString())));
        // About 60 MB of Parquet: texts that hardly compress.
        OfflineQuery query = OfflineQuery.newBuilder()
                .setInput(QueryInput.newBuilder()
                        .setSql("SELECT range AS user_id, md5(range::VARCHAR) AS note FROM range(2000000)")
                        .build())
                .setOutputs(List.of("user.name"))
                .build();
        Attempt attempt = Attempt.of(root, query);
        try {
            handler.run(attempt);
            System.out.println("ended as if nothing had been");
        } catch (JobFailure failure) {
            System.out.println(failure.jobCause().getType() + ": "
                    + failure.jobCause().getMessage() + " "
                    + failure.jobCause().getEvidence());
        }
        try (var left = Files.walk(attempt.output())) {
            System.out.println("left: "
                    + left.filter(path -> !path.equals(attempt.output())).toList());
        }
    }
}
