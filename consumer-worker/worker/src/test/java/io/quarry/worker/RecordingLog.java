package io.quarry.worker;

import io.quarry.avro.JobEvent;
import io.quarry.avro.JobEventType;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;

/** A log in memory: keeps what is appended and answers as a test says, at once and well unless told otherwise. */
final class RecordingLog implements EventLog {
    final List<JobEvent> events = new CopyOnWriteArrayList<>();
    volatile Function<JobEvent, CompletableFuture<Void>> answer = event -> CompletableFuture.completedFuture(null);

    /** What is done before an event is kept, as serializing one takes its time. */
    volatile Consumer<JobEvent> before = event -> {};

    @Override
    public CompletableFuture<Void> append(JobEvent event) {
        before.accept(event);
        events.add(event);
        return answer.apply(event);
    }

    @Override
    public void flush() {}

    List<JobEvent> of(JobEventType type) {
        return events.stream().filter(event -> event.getType() == type).toList();
    }
}
