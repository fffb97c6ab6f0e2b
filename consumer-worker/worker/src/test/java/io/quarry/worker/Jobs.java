package io.quarry.worker;

import io.quarry.avro.CustomPayload;
import io.quarry.avro.Job;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Jobs of the tests. */
final class Jobs {
    private Jobs() {}

    static Job scripted(String id, String script) {
        return of(ScriptedHandler.KIND, id, script);
    }

    static Job of(String kind, String id, String script) {
        return Job.newBuilder()
                .setId(id)
                .setKind(kind)
                .setCustom(new CustomPayload("text/plain", ByteBuffer.wrap(script.getBytes(StandardCharsets.UTF_8))))
                .build();
    }
}
