package io.quarry.scheduler.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Cause;
import io.quarry.avro.JobState;
import io.quarry.avro.Transition;
import io.quarry.scheduler.TestWire;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Logs and stores that earlier versions wrote, byte by byte, in the hands of this one. */
class UpgradeTest {
    @TempDir
    Path state;

    private final TestWire wire = new TestWire();

    @ParameterizedTest
    @ValueSource(strings = "v1")
    void anEarlierVersionsLogGivesTheRowsThatItGaveThen(String version) {
        Recording then = Recording.read(version);
        try (TopologyTestDriver driver = Recording.driver(wire, state)) {
            feed(driver, then.events());
            assertThat(rows(Recording.rows(driver))).isEqualTo(rows(then.states()));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = "v1")
    void thisVersionGoesOnWhereAnEarlierOneStopped(String version) {
        Recording then = Recording.read(version);
        Map<String, List<Recording.Line>> found =
                Map.of(LifecycleTopology.ROWS, then.rows(), LifecycleTopology.TIMERS, then.timers());
        try (TopologyTestDriver driver = Recording.driver(
                wire, state, name -> new NumbersTest.Holding(name, found.getOrDefault(name, List.of())))) {
            feed(
                    driver,
                    then.events()
                            .subList(then.events().size() / 2, then.events().size()));
            assertThat(rows(Recording.rows(driver))).isEqualTo(rows(then.states()));
        }
    }

    private static void feed(TopologyTestDriver driver, List<Recording.Line> events) {
        TestInputTopic<byte[], byte[]> in = Recording.input(driver);
        events.forEach(line -> in.pipeInput(line.key(), line.value(), line.at()));
    }

    private Map<String, JobState> rows(List<Recording.Line> lines) {
        Map<String, JobState> rows = new TreeMap<>();
        lines.forEach(line -> rows.put(
                new String(line.key(), StandardCharsets.UTF_8), wordless(wire.read("", line.value(), JobState.class))));
        return rows;
    }

    /** Words for people may change from version to version. */
    private static JobState wordless(JobState row) {
        return Rows.edit(row)
                .setCause(typeOnly(row.getCause()))
                .setHistory(row.getHistory().stream()
                        .map(line -> Transition.newBuilder(line)
                                .setCause(typeOnly(line.getCause()))
                                .setDetail("")
                                .build())
                        .toList())
                .build();
    }

    private static @Nullable Cause typeOnly(@Nullable Cause cause) {
        return cause == null ? null : new Cause(cause.getType(), "", Map.of());
    }
}
