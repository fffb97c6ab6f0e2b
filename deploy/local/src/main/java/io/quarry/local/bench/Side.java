package io.quarry.local.bench;

import java.util.Locale;

/** Who drains the queue: each has a resource group of its own, so that both run on one warm broker. */
enum Side {
    /** Our workers, as local mode starts them. */
    QUARRY("io.quarry.worker.WorkerMain"),
    /** The loop written by hand. */
    RAW("io.quarry.local.bench.RawMain");

    private final String mainClass;

    Side(String mainClass) {
        this.mainClass = mainClass;
    }

    String mainClass() {
        return mainClass;
    }

    String group() {
        return name().toLowerCase(Locale.ROOT);
    }
}
