package io.quarry.local.bench;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AttendanceTest {
    @TempDir
    private Path directory;

    @Test
    void aProcessThatEndsIsNamedWithItsExitCodeAndItsLastWords() throws Exception {
        Attendance attendance = new Attendance();
        try (Child child = Child.start(
                directory.resolve("w"),
                new Child.Program(
                        EndingMain.class.getName(),
                        List.of(directory.toString()),
                        64L << 20,
                        System.getProperty("java.class.path"),
                        null))) {
            attendance.enter("worker w", child::end);
            String unused = child.awaitReady(Duration.ofSeconds(30));
            assertThatCode(attendance::check).doesNotThrowAnyException();

            child.requestStop();
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> !child.isAlive());

            assertThatThrownBy(attendance::check)
                    .hasMessageStartingWith(
                            "worker w is gone in the middle of the measurement: it ended with exit code 7")
                    .hasMessageContaining("no room left for it");
        }
    }

    @Test
    void whoWasAllowedToGoIsNotMissed() {
        Attendance attendance = new Attendance();
        attendance.enter("worker w", () -> Optional.of("it ended"));

        attendance.leave("worker w");

        assertThatCode(attendance::check).doesNotThrowAnyException();
    }

    /** Ends with a complaint as soon as its standard input does. */
    static final class EndingMain {
        private EndingMain() {}

        public static void main(String[] arguments) throws Exception {
            System.out.println("test READY " + arguments[0]);
            System.out.flush();
            long unused = System.in.transferTo(java.io.OutputStream.nullOutputStream());
            System.err.println("no room left for it");
            System.exit(7);
        }
    }
}
