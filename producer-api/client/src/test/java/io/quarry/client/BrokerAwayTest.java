package io.quarry.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Waits for nobody, for as long as is set; its methods wait at the same time. */
@Execution(ExecutionMode.CONCURRENT)
class BrokerAwayTest {
    private final Map<String, Object> settings = new HashMap<>();

    @BeforeEach
    void aPortThatNobodyListensOn() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            settings.put("bootstrap.servers", "localhost:" + socket.getLocalPort());
        }
        settings.put("schema.registry.url", "http://localhost:1");
    }

    @Test
    void aBrokerIsWaitedForAsLongAsIsSetAndTheErrorNamesTheSetting() {
        settings.put("submit.timeout.ms", "1000");

        BrokerUnreachableException refused = refusedSubmit();

        assertThat(refused.waited()).isGreaterThanOrEqualTo(Duration.ofSeconds(1));
        assertThat(refused)
                .hasMessageContaining(String.valueOf(settings.get("bootstrap.servers")))
                .hasMessageContaining("submit.timeout.ms");
    }

    @Test
    void withoutTheSettingABrokerIsWaitedForTenSeconds() {
        assertThat(refusedSubmit().waited()).isGreaterThanOrEqualTo(Duration.ofSeconds(10));
    }

    @Test
    void everyQuestionEndsInTheSameError() throws IOException {
        settings.put("submit.timeout.ms", "2000");
        try (TinyRegistry registry = TinyRegistry.start();
                QuarryClient cut = QuarryClient.connect(registered(registry))) {
            assertThatThrownBy(() -> cut.handle("x").state()).isInstanceOf(BrokerUnreachableException.class);
            assertThatThrownBy(() -> cut.handle("x").cancel("me", "no")).isInstanceOf(BrokerUnreachableException.class);
            assertThatThrownBy(() -> cut.jobs(JobFilter.all())).isInstanceOf(BrokerUnreachableException.class);
            assertThatThrownBy(cut::groups).isInstanceOf(BrokerUnreachableException.class);
        }
    }

    private Map<String, Object> registered(TinyRegistry registry) {
        settings.put("schema.registry.url", registry.url());
        return settings;
    }

    private BrokerUnreachableException refusedSubmit() {
        try (QuarryClient cut = QuarryClient.connect(settings)) {
            return catchThrowableOfType(
                    BrokerUnreachableException.class,
                    () -> cut.submit(cut.job()
                            .custom("echo", "text/plain", "x".getBytes(StandardCharsets.UTF_8))
                            .build()));
        }
    }
}
