package io.quarry.local.bench;

import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.avro.Outcome;
import io.quarry.avro.Progress;
import io.quarry.avro.Source;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.WireSerdes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Arrays;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.common.serialization.Serializer;

/**
 * The events of the raw loop, byte for byte what a worker would write, put together without reading the job: its bytes are
 * copied from the record into the claim. Used by one thread.
 */
final class RawEvents {
    /** The zero byte and the schema's id. */
    static final int HEADER = 5;

    /** Resident memory that a worker would report. */
    private static final long MEMORY = 150L << 20;

    private final byte[] header;
    private final byte[] claimedTail;
    private final byte[] finishedTail;
    private final String worker;
    private final String topic;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream(1024);
    private final BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);

    /**
     * Learns the wire format from a worker's serializer: the schema's id and how the fields that stay empty are written.
     *
     * @param group whose queue the claims are of
     */
    RawEvents(WireSerdes serdes, Topics topics, String group, String worker) {
        this.worker = worker;
        this.topic = topics.jobs(group);
        Serializer<JobEvent> events = serdes.serializer(JobEvent.class);
        Job sample = Feed.job("sample", group);
        String claim = "00000000-0000-0000-0000-000000000000";
        byte[] claimed = events.serialize(
                topics.events(),
                event(JobEventType.CLAIMED, sample, claim)
                        .setJob(sample)
                        .setSource(new Source(topic, 7L))
                        .setStarted(true)
                        .setDeliveries(1)
                        .build());
        this.header = Arrays.copyOf(claimed, HEADER);
        byte[] job = serdes.serializer(Job.class).serialize(topic, sample);
        this.claimedTail = tail(claimed, claimedHead(sample.getId(), job, claim, 0, 7));
        byte[] finished = events.serialize(
                topics.events(),
                event(JobEventType.FINISHED, sample, claim)
                        .setProgress(Progress.newBuilder()
                                .setRows(9)
                                .setMemoryBytes(MEMORY)
                                .setPeakMemoryBytes(MEMORY)
                                .build())
                        .setOutcome(Outcome.SUCCEEDED)
                        .build());
        this.finishedTail = tail(finished, finishedHead(sample.getId(), claim, 0, 9));
    }

    private JobEvent.Builder event(JobEventType type, Job sample, String claim) {
        return JobEvent.newBuilder()
                .setType(type)
                .setJobId(sample.getId())
                .setAt(Instant.EPOCH)
                .setWriter("worker/" + worker)
                .setAttempt(1)
                .setClaim(claim)
                .setWorker(worker);
    }

    /** A claim of the job in a record's value. */
    byte[] claimed(String jobId, byte[] job, String claim, long atMillis, long offset) {
        return joined(claimedHead(jobId, job, claim, atMillis, offset), claimedTail);
    }

    /** The end of an attempt, with a number of rows. */
    byte[] finished(String jobId, String claim, long atMillis, long rows) {
        return joined(finishedHead(jobId, claim, atMillis, rows), finishedTail);
    }

    private byte[] claimedHead(String jobId, byte[] job, String claim, long atMillis, long offset) {
        try {
            begin(JobEventType.CLAIMED, jobId, atMillis);
            encoder.writeIndex(1);
            encoder.writeFixed(job, HEADER, job.length - HEADER);
            owner(claim);
            encoder.writeIndex(1);
            encoder.writeString(topic);
            encoder.writeLong(offset);
            encoder.writeIndex(1);
            encoder.writeBoolean(true);
            return out.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException("memory can be written", e);
        }
    }

    private byte[] finishedHead(String jobId, String claim, long atMillis, long rows) {
        try {
            begin(JobEventType.FINISHED, jobId, atMillis);
            encoder.writeIndex(0);
            owner(claim);
            encoder.writeIndex(0);
            encoder.writeIndex(0);
            encoder.writeIndex(1);
            encoder.writeString("");
            encoder.writeIndex(0);
            encoder.writeLong(rows);
            encoder.writeLong(MEMORY);
            encoder.writeLong(MEMORY);
            return out.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException("memory can be written", e);
        }
    }

    private void begin(JobEventType type, String jobId, long atMillis) throws IOException {
        out.reset();
        encoder.writeFixed(header);
        encoder.writeEnum(JobEventType.getClassSchema().getEnumOrdinal(type.name()));
        encoder.writeString(jobId);
        encoder.writeLong(atMillis);
        encoder.writeString("worker/" + worker);
    }

    private void owner(String claim) throws IOException {
        encoder.writeIndex(1);
        encoder.writeInt(1);
        encoder.writeIndex(1);
        encoder.writeString(claim);
        encoder.writeIndex(1);
        encoder.writeString(worker);
    }

    private static byte[] tail(byte[] whole, byte[] head) {
        if (whole.length < head.length || !Arrays.equals(whole, 0, head.length, head, 0, head.length)) {
            throw new IllegalStateException("the raw loop writes other events than a worker: the schema has changed");
        }
        return Arrays.copyOfRange(whole, head.length, whole.length);
    }

    private static byte[] joined(byte[] head, byte[] tail) {
        byte[] whole = Arrays.copyOf(head, head.length + tail.length);
        System.arraycopy(tail, 0, whole, head.length, tail.length);
        return whole;
    }
}
