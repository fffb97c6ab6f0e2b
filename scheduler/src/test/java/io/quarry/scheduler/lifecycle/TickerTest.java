package io.quarry.scheduler.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.quarry.scheduler.TestWire;
import io.quarry.schemas.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class TickerTest {
    private static final Topics TOPICS = Topics.withDefaultPrefix();
    private static final LifecycleSettings SETTINGS = new LifecycleSettings(
            TOPICS,
            30,
            Duration.ofSeconds(1),
            Duration.ofSeconds(30),
            Duration.ofDays(30),
            Duration.ofDays(30),
            Duration.ofSeconds(5));

    private final TestWire wire = new TestWire();
    private final Node node = new Node(0, "none", 1);
    private final Node[] nodes = {node};
    private final MockProducer<byte[], byte[]> producer = new MockProducer<>(
            new Cluster(
                    "test",
                    List.of(node),
                    List.of(
                            new PartitionInfo(TOPICS.events(), 0, node, nodes, nodes),
                            new PartitionInfo(TOPICS.events(), 1, node, nodes, nodes)),
                    Set.of(),
                    Set.of()),
            true,
            null,
            new ByteArraySerializer(),
            new ByteArraySerializer());

    @Test
    void everyPartitionGetsATick() {
        try (Ticker ticker = new Ticker(SETTINGS, producer, wire, () -> Instant.EPOCH)) {
            ticker.runOnce();
        }
        assertThat(producer.history()).extracting(record -> record.partition()).containsExactly(0, 1);
    }

    @Test
    void anOutageIsLoggedOnceAndItsEndOnce() {
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        Logger logger = (Logger) LoggerFactory.getLogger(Ticker.class);
        logger.addAppender(log);
        Level before = logger.getLevel();
        logger.setLevel(Level.INFO);
        try (Ticker ticker = new Ticker(SETTINGS, producer, wire, () -> Instant.EPOCH)) {
            ticker.runOnce();
            wire.registryAwayForWriting = true;
            ticker.runOnce();
            ticker.runOnce();
            wire.registryAwayForWriting = false;
            ticker.runOnce();
            ticker.runOnce();
        } finally {
            logger.detachAppender(log);
            logger.setLevel(before);
        }
        assertThat(log.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly("No tick while the registry is down: away", "Ticks again");
    }
}
