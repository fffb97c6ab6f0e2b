package io.quarry.local.cli;

import io.quarry.local.FileTree;
import io.quarry.local.bench.News;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;

/** What the measurements that start processes have in common: a scratch directory that is gone afterwards, a bar, Ctrl-C. */
final class BenchRun {
    private static final Duration STOP = Duration.ofMinutes(1);

    private BenchRun() {}

    /** A measurement. */
    interface Measurement<R> {
        R run(Path scratch, News news) throws Exception;
    }

    /** Shows a result; the exit code is what it returns. */
    interface Shown<R> {
        boolean passed(R result);
    }

    /** Measures, then shows; exit code 1 when what was measured did not pass, or Ctrl-C came. */
    static <R> int of(Console console, Measurement<R> measurement, Shown<R> shown) throws Exception {
        Path scratch = Files.createTempDirectory("quarry-bench");
        Interruption interruption = Interruption.ofThisThread(STOP);
        try (ProgressView view = new ProgressView(console)) {
            R result = measurement.run(scratch, new Bar(view));
            view.clear();
            return shown.passed(result) ? ExitCodes.DONE : ExitCodes.FAILED;
        } catch (InterruptedException | InterruptException e) {
            console.say("quarry: stopped");
            return ExitCodes.FAILED;
        } catch (RuntimeException e) {
            if (!interruption.asked()) {
                throw e;
            }
            console.say("quarry: stopped");
            return ExitCodes.FAILED;
        } finally {
            boolean unused = Thread.interrupted();
            FileTree.delete(scratch);
            interruption.close();
        }
    }

    static int atLeastOne(String option, @Nullable Integer value, int otherwise) {
        if (value == null) {
            return otherwise;
        }
        if (value < 1) {
            throw CommandFailure.badUsage(option + " is " + value + ": it has to be at least 1");
        }
        return value;
    }

    private record Bar(ProgressView view) implements News {
        @Override
        public void step(String what) {
            view.waiting(what);
        }

        @Override
        public void share(String what, double fraction) {
            view.share(what, fraction);
        }
    }
}
