package io.quarry.scheduler.status;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;

class StatusServerTest {
    /** Counters as the autoscaler has them. */
    public interface CountersMXBean {
        long getJobsInterruptedByScaling();

        boolean isActive();

        String getNoNumber();
    }

    private static final class Counters implements CountersMXBean {
        @Override
        public long getJobsInterruptedByScaling() {
            return 3;
        }

        @Override
        public boolean isActive() {
            return true;
        }

        @Override
        public String getNoNumber() {
            return "text";
        }
    }

    @Test
    void aSchedulerLivesBeforeItIsReady() throws Exception {
        AtomicBoolean ready = new AtomicBoolean();
        try (StatusServer server = StatusServer.start(0, ready::get, () -> "")) {
            assertThat(get(server, "/live").statusCode()).isEqualTo(200);
            assertThat(get(server, "/ready").statusCode()).isEqualTo(503);
            ready.set(true);
            assertThat(get(server, "/ready").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void countersHaveTheNamesThatPrometheusWants() throws Exception {
        ObjectName name = new ObjectName("io.quarry.scheduler:type=autoscaler,id=test");
        ObjectName tagged = new ObjectName("io.quarry.scheduler:type=launcher,group=\"a\\\"b\"");
        ManagementFactory.getPlatformMBeanServer().registerMBean(new Counters(), name);
        ManagementFactory.getPlatformMBeanServer().registerMBean(new Counters(), tagged);
        try (StatusServer server = StatusServer.start(0, () -> true, Exposition::now)) {
            assertThat(get(server, "/metrics").body().lines())
                    .contains(
                            "quarry_jobs_interrupted_by_scaling_total 3",
                            "quarry_autoscaler_active 1",
                            "quarry_launcher_active{group=\"a\\\"b\"} 1")
                    .noneMatch(line -> line.contains("text"));
        } finally {
            ManagementFactory.getPlatformMBeanServer().unregisterMBean(name);
            ManagementFactory.getPlatformMBeanServer().unregisterMBean(tagged);
        }
    }

    private static HttpResponse<String> get(StatusServer server, String path) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }
}
