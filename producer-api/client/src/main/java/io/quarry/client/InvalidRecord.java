package io.quarry.client;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A record of a job topic that never became a job: the topic jobs.invalid.
 *
 * @param offset offset in jobs.invalid
 * @param at when it was put there
 * @param topic topic that it was found in
 * @param topicOffset its offset there; -1 when that is not said
 * @param reason class of what is wrong with it, such as BAD_MAGIC, KEY or RULE
 * @param detail what is wrong with it, for people
 * @param headers all headers as text, the original ones included
 * @param key the key's bytes as they came; null for none
 * @param value the value's bytes as they came; null for none
 */
@SuppressWarnings("ArrayRecordComponent") // the bytes as they came are what this is for
public record InvalidRecord(
        long offset,
        Instant at,
        String topic,
        long topicOffset,
        String reason,
        String detail,
        Map<String, String> headers,
        byte @Nullable [] key,
        byte @Nullable [] value) {
    public InvalidRecord {
        headers = Map.copyOf(headers);
    }
}
