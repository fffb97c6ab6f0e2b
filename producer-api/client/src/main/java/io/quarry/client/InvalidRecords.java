package io.quarry.client;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/** Reads what intake wrote to jobs.invalid. Pure. */
final class InvalidRecords {
    private InvalidRecords() {}

    static InvalidRecord of(ConsumerRecord<byte[], byte[]> record) {
        Map<String, String> headers = new LinkedHashMap<>();
        for (Header header : record.headers()) {
            headers.put(header.key(), header.value() == null ? "" : new String(header.value(), StandardCharsets.UTF_8));
        }
        String offset = headers.getOrDefault("quarry.offset", "");
        return new InvalidRecord(
                record.offset(),
                Instant.ofEpochMilli(record.timestamp()),
                headers.getOrDefault("quarry.topic", ""),
                offset.matches("[0-9]{1,18}") ? Long.parseLong(offset) : -1,
                headers.getOrDefault("quarry.reason", ""),
                headers.getOrDefault("quarry.detail", ""),
                headers,
                record.key(),
                record.value());
    }
}
