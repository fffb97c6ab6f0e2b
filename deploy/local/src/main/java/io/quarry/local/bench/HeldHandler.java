package io.quarry.local.bench;

import io.quarry.avro.Manifest;
import io.quarry.engine.HandlerSettings;
import io.quarry.engine.JobContext;
import io.quarry.engine.JobHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Does nothing, and waits with it while a file is there: so a worker is held in one job, and out of its queue, while another
 * one is measured. Only the bench's workers find it.
 */
public final class HeldHandler implements JobHandler {
    static final String KIND = "held";
    static final String FILE = "bench.hold.file";

    private static final long LOOK_MS = 20;

    private @Nullable Path hold;

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public void open(HandlerSettings settings) {
        hold = settings.get(FILE).map(Path::of).orElse(null);
    }

    @Override
    public Optional<Manifest> run(JobContext context) throws InterruptedException {
        Path file = hold;
        while (file != null && Files.exists(file)) {
            TimeUnit.MILLISECONDS.sleep(LOOK_MS);
        }
        return Optional.empty();
    }
}
