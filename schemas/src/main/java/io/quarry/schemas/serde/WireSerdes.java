package io.quarry.schemas.serde;

import io.quarry.avro.Command;
import io.quarry.avro.DeadJob;
import io.quarry.avro.GroupRevision;
import io.quarry.avro.Job;
import io.quarry.avro.JobEvent;
import io.quarry.avro.JobState;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.ScalingDecision;
import io.quarry.avro.Schedule;
import io.quarry.avro.ScheduleEvent;
import io.quarry.avro.ScheduleState;
import io.quarry.avro.ScheduleTick;
import io.quarry.avro.WorkerState;
import io.quarry.schemas.Topics;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * The serdes of one process, made from its settings: ours, or the classes that {@code value.serializer} and
 * {@code value.deserializer} name (Confluent's, say). All of ours share one registry client and what it was told. Making
 * one does no I/O.
 */
public final class WireSerdes {
    private final Map<String, Object> settings;
    private final @Nullable Object foreignSerializer;
    private final @Nullable Object foreignDeserializer;
    private final SerdeSettings own;
    private final Registry registry;

    private WireSerdes(Map<String, ?> settings) {
        this.settings = new HashMap<>(settings);
        this.foreignSerializer = foreign(settings.get("value.serializer"), AvroSerializer.class);
        this.foreignDeserializer = foreign(settings.get("value.deserializer"), AvroDeserializer.class);
        this.own = SerdeSettings.of(settings);
        this.registry = new Registry(own);
    }

    /** Reads the settings; a wrong one is refused with its name. */
    public static WireSerdes of(Map<String, ?> settings) {
        return new WireSerdes(settings);
    }

    /** Serializer of record values. */
    // A class named in a setting can only be checked to be a serializer, not of what.
    @SuppressWarnings("unchecked")
    public <T extends SpecificRecord> Serializer<T> serializer(Class<T> type) {
        if (foreignSerializer == null) {
            return new AvroSerializer<>(own, registry);
        }
        Serializer<T> foreign = (Serializer<T>) made("value.serializer", foreignSerializer, Serializer.class);
        foreign.configure(settings, false);
        return foreign;
    }

    /** Deserializer of record values, for which a null is unreadable. */
    public <T extends SpecificRecord> Deserializer<T> deserializer(Class<T> type) {
        return deserializer(type, false);
    }

    /** Serde of record values, for which a null is a tombstone. */
    public <T extends SpecificRecord> Serde<T> serde(Class<T> type) {
        return new AvroSerde<>(serializer(type), deserializer(type, true));
    }

    /**
     * Registers the schemas of all topics, so that a foreign producer finds them before our first record. Does nothing
     * unless {@code auto.register.schemas} is true (its default). May be repeated.
     *
     * @throws RegistryUnavailableException when the registry cannot be asked
     * @throws SchemaRefusedException when the registry holds versions that ours is not compatible with
     */
    public void register(Topics topics, Iterable<String> groups) {
        if (!own.autoRegister()) {
            return;
        }
        valueSchemas(topics, groups)
                .forEach((topic, schema) ->
                        registry.register(own.subjects(false).subject(topic, false, schema.getFullName()), schema));
    }

    /** Topic names and the schemas of their values. */
    static Map<String, Schema> valueSchemas(Topics topics, Iterable<String> groups) {
        Map<String, Schema> schemas = new LinkedHashMap<>();
        for (String group : groups) {
            schemas.put(topics.jobs(group), Job.getClassSchema());
            schemas.put(topics.retries(group), Job.getClassSchema());
        }
        schemas.put(topics.oversize(), Job.getClassSchema());
        schemas.put(topics.events(), JobEvent.getClassSchema());
        schemas.put(topics.states(), JobState.getClassSchema());
        schemas.put(topics.commands(), Command.getClassSchema());
        schemas.put(topics.groups(), ResourceGroup.getClassSchema());
        schemas.put(topics.groupHistory(), GroupRevision.getClassSchema());
        schemas.put(topics.workers(), WorkerState.getClassSchema());
        schemas.put(topics.scaling(), ScalingDecision.getClassSchema());
        schemas.put(topics.dead(), DeadJob.getClassSchema());
        schemas.put(topics.schedules(), Schedule.getClassSchema());
        schemas.put(topics.scheduleEvents(), ScheduleEvent.getClassSchema());
        schemas.put(topics.scheduleStates(), ScheduleState.getClassSchema());
        schemas.put(topics.ticks(), ScheduleTick.getClassSchema());
        return schemas;
    }

    private <T extends SpecificRecord> Deserializer<T> deserializer(Class<T> type, boolean nullIsNull) {
        if (foreignDeserializer == null) {
            return new AvroDeserializer<>(type, own, registry, nullIsNull);
        }
        Deserializer<?> foreign = made("value.deserializer", foreignDeserializer, Deserializer.class);
        Map<String, Object> specific = new HashMap<>(settings);
        specific.put("specific.avro.reader", true);
        foreign.configure(specific, false);
        return new ForeignDeserializer<>(foreign, type, nullIsNull);
    }

    private static @Nullable Object foreign(@Nullable Object setting, Class<?> ours) {
        boolean own =
                setting == null || setting.equals(ours) || setting.toString().equals(ours.getName());
        return own ? null : setting;
    }

    private static <S> S made(String setting, Object value, Class<S> kind) {
        try {
            Class<?> type = value instanceof Class<?> named ? named : Class.forName(value.toString());
            Object made = type.getDeclaredConstructor().newInstance();
            if (kind.isInstance(made)) {
                return kind.cast(made);
            }
        } catch (ReflectiveOperationException failure) {
            throw new ConfigException(setting, value, "cannot be made: " + failure);
        }
        throw new ConfigException(setting, value, "is no " + kind.getName());
    }
}
