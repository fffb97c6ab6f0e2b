package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
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

    @Test
    void localSaysThatAPartStoppedForGoodAndExitsWithOne() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Console console = CommandRun.console(Path.of("."), Map.of(), "", new ByteArrayOutputStream(), err, false);
        Throwable fault = new IllegalStateException("lifecycle", new IOException("no space left"));

        int code = LocalCommand.ending(console, Optional.of(fault), Path.of("logs/local.log"));

        assertThat(code).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo(
                        "quarry: a part of it stopped for good: no space left. The log is logs/local.log\nstopping\n");
        assertThat(LocalCommand.ending(console, Optional.empty(), Path.of("logs/local.log")))
                .isEqualTo(130);
    }
}
