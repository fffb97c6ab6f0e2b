package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class InterruptionTest {
    private final Interruption interruption = Interruption.ofThisThread(Duration.ofSeconds(30));

    @AfterEach
    void leaveNoHook() {
        Runtime.getRuntime().removeShutdownHook(interruption.hook());
    }

    /** What the runtime does at Ctrl-C: runs the hook in a thread of its own. */
    private Thread ctrlC() {
        Thread hook = new Thread(interruption.hook());
        hook.start();
        return hook;
    }

    @Test
    void ctrlCEndsTheWaitAndTheProcessStaysUntilAllIsTidy() throws Exception {
        Thread hook = ctrlC();

        assertThat(interruption.await(new CompletableFuture<>())).isEmpty();
        assertThat(interruption.asked()).isTrue();
        assertThat(hook.isAlive()).isTrue();

        interruption.close();
        hook.join(10_000);
        assertThat(hook.isAlive()).isFalse();
    }

    @Test
    void anInterruptThatSomebodySwallowedIsNotForgotten() throws Exception {
        Thread hook = ctrlC();
        interruption.await(new CompletableFuture<>());
        // As a library may do that waits for something of its own.
        Thread.interrupted();

        assertThatThrownBy(interruption::check).isInstanceOf(Interruption.Stopped.class);
        assertThat(interruption.await(new CompletableFuture<>())).isEmpty();

        interruption.close();
        hook.join(10_000);
    }

    @Test
    void whatDiesMeanwhileEndsTheWaitWithItsFault() {
        assertThat(interruption.await(CompletableFuture.failedFuture(new IllegalStateException("disk"))))
                .get()
                .extracting(Text::reason)
                .isEqualTo("disk");
        assertThat(interruption.asked()).isFalse();
        interruption.check();
        interruption.close();
        // Closed is unhooked: put back for the common end of these tests.
        Runtime.getRuntime().addShutdownHook(interruption.hook());
    }
}
