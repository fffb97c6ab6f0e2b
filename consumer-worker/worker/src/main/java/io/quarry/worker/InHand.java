package io.quarry.worker;

import io.quarry.schemas.DatasetLayout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The claims that a worker holds, in a small mapped file beside its scratch directory: what it had in hand can be read there
 * when the process is gone, however it went, since the pages are the kernel's. Writing costs no system call. Safe for use by
 * several threads.
 *
 * <p>There is room for a few: the next job may be claimed before the end of the last one is durable.
 */
final class InHand {
    private static final int SLOTS = 8;
    private static final int SLOT = 512;
    private static final int STOP = 1;
    private static final int ATTEMPT = 4;
    private static final int SINCE = 8;
    private static final int CLAIM = 16;
    private static final int ID_LENGTH = 32;
    private static final int ID = 36;
    private static final byte FREE = 0;
    private static final byte HELD = 1;

    /**
     * A claim that was held.
     *
     * @param since when it was made, by the worker's clock
     * @param stop why its attempt had been told to stop; null when it had not
     */
    record Held(
            String jobId,
            int attempt,
            UUID claim,
            Instant since,
            @Nullable StopReason stop) {}

    private final MappedByteBuffer slots;

    private InHand(MappedByteBuffer slots) {
        this.slots = slots;
    }

    /** The file of a worker: beside its scratch directory, which is emptied at its start. */
    static Path file(Path scratchDir, String worker) {
        return scratchDir.resolve(DatasetLayout.ofJob(worker) + ".in-hand");
    }

    /** Begins with nothing in hand. */
    static InHand open(Path file) {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            // Written and not only sized: a mapped page that has no block on a full disk would end the process.
            ByteBuffer zeros = ByteBuffer.allocate(SLOTS * SLOT);
            while (zeros.hasRemaining()) {
                int unused = channel.write(zeros, zeros.position());
            }
            return new InHand(channel.map(FileChannel.MapMode.READ_WRITE, 0, SLOTS * SLOT));
        } catch (IOException e) {
            throw new SettingException(
                    "worker.scratch.dir",
                    String.valueOf(file.getParent()),
                    "must be a directory that can be written: " + e);
        }
    }

    /** Holds the claim. One for which there is no room is not noted: should its worker die, its lease runs out. */
    synchronized void hold(Claim claim, Instant since) {
        byte[] id = claim.job().getId().getBytes(StandardCharsets.UTF_8);
        for (int slot = 0; slot < SLOTS * SLOT; slot += SLOT) {
            if (slots.get(slot) == FREE && id.length <= SLOT - ID) {
                slots.put(slot + STOP, (byte) 0);
                slots.putInt(slot + ATTEMPT, claim.attempt());
                slots.putLong(slot + SINCE, since.toEpochMilli());
                slots.putLong(slot + CLAIM, claim.id().getMostSignificantBits());
                slots.putLong(slot + CLAIM + Long.BYTES, claim.id().getLeastSignificantBits());
                slots.putInt(slot + ID_LENGTH, id.length);
                slots.put(slot + ID, id);
                // Last, so that a reader finds all of it or nothing.
                VarHandle.releaseFence();
                slots.put(slot, HELD);
                return;
            }
        }
    }

    /** Notes why the claim's attempt was told to stop. */
    synchronized void stopping(UUID claim, StopReason reason) {
        int slot = find(claim);
        if (slot >= 0) {
            slots.put(slot + STOP, reason.code());
        }
    }

    /** Lets go of the claim: its end is durable, or nobody waits for it. */
    synchronized void letGo(UUID claim) {
        int slot = find(claim);
        if (slot >= 0) {
            slots.put(slot, FREE);
        }
    }

    private int find(UUID claim) {
        for (int slot = 0; slot < SLOTS * SLOT; slot += SLOT) {
            if (slots.get(slot) == HELD && claim.equals(claim(slots, slot))) {
                return slot;
            }
        }
        return -1;
    }

    /** What a process that is gone had in hand; nothing where there is no such file. */
    static List<Held> read(Path file) {
        if (!Files.isRegularFile(file)) {
            return List.of();
        }
        ByteBuffer slots;
        try {
            slots = ByteBuffer.wrap(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<Held> held = new ArrayList<>();
        for (int slot = 0; slot + SLOT <= slots.capacity(); slot += SLOT) {
            int length = slots.getInt(slot + ID_LENGTH);
            if (slots.get(slot) == HELD && length > 0 && length <= SLOT - ID) {
                byte[] id = new byte[length];
                slots.get(slot + ID, id);
                held.add(new Held(
                        new String(id, StandardCharsets.UTF_8),
                        slots.getInt(slot + ATTEMPT),
                        claim(slots, slot),
                        Instant.ofEpochMilli(slots.getLong(slot + SINCE)),
                        StopReason.of(slots.get(slot + STOP))));
            }
        }
        return held;
    }

    private static UUID claim(ByteBuffer slots, int slot) {
        return new UUID(slots.getLong(slot + CLAIM), slots.getLong(slot + CLAIM + Long.BYTES));
    }
}
