package io.quarry.schemas;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.InstantSource;
import java.util.UUID;
import java.util.random.RandomGenerator;

/**
 * Source of job ids: UUIDv7 (RFC 9562), each greater than the one before also within a millisecond and when the clock
 * steps back. Safe for use by several threads.
 */
public final class JobIds {
    /** Namespace of ids that are derived from an idempotency key. Part of the contract: it never changes. */
    public static final UUID NAMESPACE = UUID.fromString("5ad3ff9e-0b53-5c8e-9d2b-4f0a6f7c1e21");

    /** Namespace of ids of jobs that repeat another one. Part of the contract: it never changes. */
    public static final UUID REPEATS = UUID.fromString("0d9b3a4e-61c7-5f0a-8c55-7a2e94d1b36f");

    private static final int COUNTER_BITS = 12;

    private final InstantSource clock;
    private final RandomGenerator random;
    private long lastMillis = -1;
    private int counter;

    /**
     * Makes a source.
     *
     * @param random where the 62 random bits come from; ids can be guessed as well as it can
     */
    public JobIds(InstantSource clock, RandomGenerator random) {
        this.clock = clock;
        this.random = random;
    }

    /** The next id. */
    public synchronized UUID next() {
        long now = clock.millis();
        if (now > lastMillis) {
            lastMillis = now;
            // Half the counter's range is left for ids of the same millisecond.
            counter = random.nextInt(1 << (COUNTER_BITS - 1));
        } else if (++counter == 1 << COUNTER_BITS) {
            lastMillis++;
            counter = 0;
        }
        long high = (lastMillis << 16) | 0x7000L | counter;
        long low = (random.nextLong() >>> 2) | 0x8000_0000_0000_0000L;
        return new UUID(high, low);
    }

    /** Id that an idempotency key stands for: UUIDv5 of its UTF-8 bytes in {@link #NAMESPACE}. Equal keys, equal ids. */
    public static UUID ofKey(String key) {
        return named(NAMESPACE, key);
    }

    /**
     * Id of the job that repeats another one: UUIDv5 of {@code run}, a line feed and the original's id in {@link #REPEATS}.
     * The same run of the same original is the same job, however often it is asked for.
     *
     * @param original id of the job that is repeated
     * @param run what repeats it, such as {@code replay/} or {@code redrive/} and a name; without a line feed
     */
    public static UUID ofRepeat(String original, String run) {
        return named(REPEATS, run + "\n" + original);
    }

    private static UUID named(UUID namespace, String name) {
        MessageDigest sha1;
        try {
            sha1 = MessageDigest.getInstance("SHA-1");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-1", e);
        }
        sha1.update(ByteBuffer.allocate(16)
                .putLong(namespace.getMostSignificantBits())
                .putLong(namespace.getLeastSignificantBits())
                .flip());
        ByteBuffer hash = ByteBuffer.wrap(sha1.digest(name.getBytes(StandardCharsets.UTF_8)));
        long high = (hash.getLong() & ~0xF000L) | 0x5000L;
        long low = (hash.getLong() & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L;
        return new UUID(high, low);
    }
}
