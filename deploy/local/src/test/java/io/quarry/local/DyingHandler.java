package io.quarry.local;

import io.quarry.avro.CauseType;
import io.quarry.avro.Job;
import io.quarry.avro.Manifest;
import io.quarry.engine.JobContext;
import io.quarry.engine.JobFailure;
import io.quarry.engine.JobHandler;
import io.quarry.schemas.Violation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A handler whose first attempt ends as the payload says, in every way that a process can; later ones succeed. */
public final class DyingHandler implements JobHandler {
    static final String KIND = "dying";
    private static final int MIB = 1 << 20;

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public List<Violation> check(Job job) {
        return script(job).equals("bad") ? List.of(new Violation("custom.body", "bad", "must be good")) : List.of();
    }

    @Override
    public Optional<Manifest> run(JobContext context) throws JobFailure, InterruptedException {
        String script = script(context.job());
        if (script.startsWith("halves ")) {
            return Optional.of(halves(context, Path.of(script.substring("halves ".length()))));
        }
        if (script.startsWith("needs ")) {
            need(context, Long.parseLong(script.substring("needs ".length())) * MIB);
            return Optional.empty();
        }
        if (context.attempt() > 1 || script.equals("ok")) {
            return Optional.empty();
        }
        try {
            end(script, context);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Optional.empty();
    }

    /** Writes a result in two files; a first attempt waits in between until the file is there. */
    private static Manifest halves(JobContext context, Path go) throws InterruptedException {
        CountDownLatch never = new CountDownLatch(1);
        try {
            Files.writeString(context.output().resolve("first"), "attempt " + context.attempt());
            while (context.attempt() == 1 && !Files.exists(go)) {
                boolean unused = never.await(20, TimeUnit.MILLISECONDS);
            }
            Files.writeString(context.output().resolve("second"), "attempt " + context.attempt());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Manifest.newBuilder()
                .setLocation(context.output().toUri().toString())
                .setRows(2)
                .setBytes(2)
                .build();
    }

    private static void end(String script, JobContext context) throws JobFailure, InterruptedException, IOException {
        CountDownLatch never = new CountDownLatch(1);
        switch (script) {
            case "throw" -> throw new IllegalStateException("boom");
            case "error" -> throw new StackOverflowError();
            case "disk" -> throw new IOException("No space left on device");
            case "hang" -> never.await();
            case "stuck" -> stuck(never);
            case "abandon" -> {
                // As below.
                boolean unused = never.await(2, TimeUnit.SECONDS);
                context.abandon();
            }
            default -> {
                if (script.startsWith("cause:")) {
                    CauseType type = CauseType.valueOf(script.substring("cause:".length()));
                    throw JobFailure.of(type, "as the payload says", Map.of("said", "so"));
                }
                // Long enough for the end of the job before to be in the log: it is not what dies here.
                boolean unused = never.await(2, TimeUnit.SECONDS);
                die(script);
                never.await();
            }
        }
    }

    private static void die(String script) throws IOException {
        switch (script) {
            case "exit 0" -> System.exit(0);
            case "exit 3" -> System.exit(3);
            case "halt 42" -> Runtime.getRuntime().halt(42);
            case "heap" -> fillHeap();
            case "direct" -> fillDirectMemory();
            // No more, so that the machine survives a failing test.
            case "native" -> fillNativeMemory(2L << 30);
            default -> {
                Process kill = new ProcessBuilder(
                                "kill",
                                "-" + script,
                                Long.toString(ProcessHandle.current().pid()))
                        .start();
                kill.getOutputStream().close();
            }
        }
    }

    private static void stuck(CountDownLatch never) {
        while (never.getCount() > 0) {
            try {
                never.await();
            } catch (InterruptedException e) {
                // As a loop in native code would do.
            }
        }
    }

    private static void fillHeap() {
        List<byte[]> all = new ArrayList<>();
        while (all.size() < 1 << 20) {
            all.add(new byte[MIB]);
        }
    }

    private static void fillDirectMemory() {
        List<ByteBuffer> all = new ArrayList<>();
        while (all.size() < 1 << 20) {
            all.add(ByteBuffer.allocateDirect(MIB));
        }
    }

    /** Takes memory whatever the attempt, and holds it until somebody ends the process, where it has less than that. */
    private static void need(JobContext context, long bytes) throws InterruptedException {
        fillNativeMemory(bytes);
        if (context.memoryBytes() < bytes) {
            new CountDownLatch(1).await();
        }
    }

    /** As a native library would: no limit of the JVM's holds. */
    private static void fillNativeMemory(long bytes) {
        try {
            Class<?> type = Class.forName("sun.misc.Unsafe");
            Field field = type.getDeclaredField("theUnsafe");
            field.setAccessible(true);
            Object unsafe = field.get(null);
            for (long i = 0; i < bytes / (32 * MIB); i++) {
                Object address = type.getMethod("allocateMemory", long.class).invoke(unsafe, 32L * MIB);
                Object unused = type.getMethod("setMemory", long.class, long.class, byte.class)
                        .invoke(unsafe, address, 32L * MIB, (byte) 1);
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String script(Job job) {
        return StandardCharsets.UTF_8
                .decode(job.getCustom().getBody().duplicate())
                .toString();
    }
}
