package io.quarry.local.chaos;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How long it took after each fault until what it had hit went on. Safe for use by several threads. */
final class Recoveries implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Recoveries.class);
    private static final long PAUSE_MS = 50;

    /** Whether it goes on. */
    @FunctionalInterface
    interface GoesOn {
        boolean test() throws InterruptedException;
    }

    private final Map<FaultKind, Double> worst = new EnumMap<>(FaultKind.class);
    private final List<Thread> threads = new ArrayList<>();

    /** Watches from now on. */
    synchronized void watch(FaultKind kind, GoesOn goesOn) {
        long began = System.nanoTime();
        Thread thread = new Thread(() -> await(kind, goesOn, began), "chaos-recovery-" + kind.flag());
        thread.setDaemon(true);
        threads.add(thread);
        thread.start();
    }

    private void await(FaultKind kind, GoesOn goesOn, long began) {
        try {
            while (!went(goesOn)) {
                TimeUnit.MILLISECONDS.sleep(PAUSE_MS);
            }
            double seconds = (System.nanoTime() - began) / 1e9;
            synchronized (this) {
                worst.merge(kind, Math.round(seconds * 100) / 100.0, Math::max);
            }
        } catch (InterruptedException e) {
            LOG.atDebug().addKeyValue("fault", kind.flag()).log("not seen to go on");
        }
    }

    private static boolean went(GoesOn goesOn) throws InterruptedException {
        try {
            return goesOn.test();
        } catch (KafkaException e) {
            return false;
        }
    }

    /** The longest of each kind, in seconds. */
    synchronized Map<FaultKind, Double> worst() {
        return new EnumMap<>(worst);
    }

    @Override
    public synchronized void close() {
        threads.forEach(Thread::interrupt);
    }
}
