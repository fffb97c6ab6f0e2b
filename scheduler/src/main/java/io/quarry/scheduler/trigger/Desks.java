package io.quarry.scheduler.trigger;

import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleState;
import io.quarry.scheduler.streams.Wire;
import io.quarry.schemas.Topics;
import io.quarry.schemas.serde.UnreadableRecordException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/** The schedules of one partition as its task keeps them: the definition of each, and where it stands. */
final class Desks {
    private static final int REMEMBERED = 1000;

    private final KeyValueStore<String, byte[]> definitions;
    private final KeyValueStore<String, byte[]> states;
    private final Wire wire;
    private final Topics topics;
    private final Outbox out;
    private final Map<String, Desk.Rule> rules = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Desk.Rule> eldest) {
            return size() > REMEMBERED;
        }
    };

    Desks(
            KeyValueStore<String, byte[]> definitions,
            KeyValueStore<String, byte[]> states,
            Wire wire,
            Topics topics,
            Outbox out) {
        this.definitions = definitions;
        this.states = states;
        this.wire = wire;
        this.topics = topics;
        this.out = out;
    }

    /** One of them; null when there is no such schedule. */
    @Nullable Desk get(String name) {
        byte[] state = states.get(name);
        if (state == null) {
            return null;
        }
        Desk.Rule rule = rules.get(name);
        if (rule == null) {
            byte[] definition = definitions.get(name);
            if (definition == null) {
                return null;
            }
            rule = Desk.Rule.of(own(topics.schedules(), definition, Schedule.class));
            rules.put(name, rule);
        }
        return new Desk(rule, ScheduleState.newBuilder(own(topics.scheduleStates(), state, ScheduleState.class)));
    }

    /** Puts a definition in force. */
    void define(Schedule definition) {
        definitions.put(definition.getName(), wire.write(topics.schedules(), definition));
        rules.remove(definition.getName());
    }

    /** Keeps and publishes where one stands, if that has changed. */
    void save(Desk desk) {
        if (desk.changed()) {
            byte[] row = out.bytes(desk.row());
            states.put(desk.name(), row);
            out.state(desk.name(), row);
        }
    }

    void remove(String name) {
        definitions.delete(name);
        states.delete(name);
        rules.remove(name);
        out.state(name, null);
    }

    /** Reads a record that this topology wrote itself. */
    <T extends SpecificRecord> T own(String topic, byte[] bytes, Class<T> type) {
        try {
            return wire.read(topic, bytes, type);
        } catch (UnreadableRecordException e) {
            throw new IllegalStateException(
                    "a row of the schedules' own cannot be read: is schema.registry.url the registry that it was"
                            + " written with? Nothing was changed; set it right and start again",
                    e);
        }
    }
}
