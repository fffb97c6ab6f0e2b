package io.quarry.local.audit;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.jspecify.annotations.Nullable;

/** Short stand-ins for ids: 128 bits for a job's, 64 for what is compared within one job. Not safe for use by several threads. */
final class Hashes {
    private final MessageDigest md5;

    Hashes() {
        try {
            this.md5 = MessageDigest.getInstance("MD5");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has MD5", e);
        }
    }

    /** Two longs. */
    long[] of(String id) {
        ByteBuffer hash = ByteBuffer.wrap(md5.digest(id.getBytes(StandardCharsets.UTF_8)));
        return new long[] {hash.getLong(), hash.getLong()};
    }

    /** Never 0, which stands for none. */
    long shortOf(@Nullable String text) {
        return text == null || text.isEmpty() ? 0 : of(text)[0] | 1;
    }
}
