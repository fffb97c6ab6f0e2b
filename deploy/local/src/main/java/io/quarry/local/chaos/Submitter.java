package io.quarry.local.chaos;

import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.WireSerdes;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serializer;

/** Submits as any foreign producer may, and remembers what was acknowledged. Safe for use by several threads. */
final class Submitter implements AutoCloseable {
    private final Map<String, Object> kafka;
    private final Topics topics;
    private final Clock clock;
    private final KafkaProducer<byte[], byte[]> producer;
    private final Serializer<Job> jobs;
    private final Serializer<JobEvent> events;
    private final ExecutorService sending = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "chaos-submitter");
        thread.setDaemon(true);
        return thread;
    });
    private final List<Question> acknowledged = Collections.synchronizedList(new ArrayList<>());
    private final List<String> aborted = Collections.synchronizedList(new ArrayList<>());
    private final List<String> refused = Collections.synchronizedList(new ArrayList<>());

    Submitter(Map<String, String> settings, Topics topics, Clock clock) {
        this.topics = topics;
        this.clock = clock;
        WireSerdes serdes = WireSerdes.of(settings);
        this.jobs = serdes.serializer(Job.class);
        this.events = serdes.serializer(JobEvent.class);
        this.kafka = new HashMap<>(Map.of(
                "bootstrap.servers", settings.getOrDefault("bootstrap.servers", ""),
                "acks", "all",
                "enable.idempotence", "true",
                "linger.ms", "0",
                "max.block.ms", "120000",
                "delivery.timeout.ms", "120000"));
        this.producer = new KafkaProducer<>(kafka, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** Submits when its turn comes; a broker that is away holds up nobody but those behind. */
    void submit(Question question) {
        sending.execute(() -> sendNow(question));
    }

    private void sendNow(Question question) {
        var unused = producer.send(record(question), (metadata, failure) -> {
            if (failure == null) {
                acknowledged.add(question);
            } else {
                refused.add(question.id() + ": " + failure);
            }
        });
    }

    private ProducerRecord<byte[], byte[]> record(Question question) {
        String topic = topics.jobs("default");
        return new ProducerRecord<>(topic, 0, utf8(question.id()), jobs.serialize(topic, question.job()));
    }

    /** What becomes of it is of no matter to the run. */
    private void send(ProducerRecord<byte[], byte[]> record) {
        var unused = producer.send(record);
    }

    /** Waits until everything is sent, and acknowledged or given up. */
    void flush() throws InterruptedException {
        sending.shutdown();
        if (!sending.awaitTermination(10, TimeUnit.MINUTES)) {
            refused.add("not all jobs were sent within ten minutes");
        }
        producer.flush();
    }

    List<Question> acknowledged() {
        synchronized (acknowledged) {
            return List.copyOf(acknowledged);
        }
    }

    /** Jobs that no broker took: they count as never submitted. */
    List<String> refused() {
        synchronized (refused) {
            return List.copyOf(refused);
        }
    }

    List<String> aborted() {
        synchronized (aborted) {
            return List.copyOf(aborted);
        }
    }

    /** Sends jobs again that were submitted before. */
    void duplicates(Random random, int number) {
        some(random, number).forEach(question -> send(record(question)));
    }

    /** Asks for jobs to be cancelled, the latest ones: some of them still wait. */
    void cancels(Random random, int number) {
        List<Question> known = acknowledged();
        List<Question> latest = known.subList(Math.max(0, known.size() - 20), known.size());
        for (int i = 0; i < number && !latest.isEmpty(); i++) {
            String id = latest.get(random.nextInt(latest.size())).id();
            JobEvent event = JobEvent.newBuilder()
                    .setType(JobEventType.CANCEL_REQUESTED)
                    .setJobId(id)
                    .setAt(clock.instant())
                    .setWriter("chaos")
                    .setRequestedBy("chaos")
                    .setReason("chaos")
                    .build();
            send(new ProducerRecord<>(topics.events(), utf8(id), events.serialize(topics.events(), event)));
        }
    }

    /** Sends what cannot be read: garbage, no value, a key that is not the id. */
    void poison(Random random) {
        byte[] garbage = new byte[40];
        random.nextBytes(garbage);
        String topic = topics.jobs("default");
        send(new ProducerRecord<>(topic, 0, utf8("garbage"), garbage));
        send(new ProducerRecord<>(topic, 0, utf8("nothing"), null));
        Question question = new Question("chaos-poison", 0, 1, false);
        send(new ProducerRecord<>(topic, 0, utf8("another"), jobs.serialize(topic, question.job())));
    }

    /** A producer that vanishes in the middle of its transaction: what it wrote was never submitted. */
    void openTransaction(String id) throws ExecutionException, InterruptedException {
        Map<String, Object> settings = new HashMap<>(kafka);
        settings.put("transactional.id", id);
        settings.put("transaction.timeout.ms", "10000");
        settings.put("max.block.ms", "20000");
        KafkaProducer<byte[], byte[]> dying =
                new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
        try {
            dying.initTransactions();
            dying.beginTransaction();
            aborted.add(id);
            dying.send(record(new Question(id, 0, 1, false))).get();
        } finally {
            // No time to say that it aborts: that is what a killed process leaves.
            dying.close(Duration.ZERO);
        }
    }

    private List<Question> some(Random random, int number) {
        List<Question> known = new ArrayList<>(acknowledged());
        Collections.shuffle(known, random);
        return known.subList(0, Math.min(number, known.size()));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        sending.shutdownNow();
        producer.close(Duration.ofSeconds(1));
    }
}
