package io.quarry.schemas.serde;

import org.apache.kafka.common.config.ConfigException;

/** How a subject's name is made of topic and record type: Confluent's three strategies. */
enum SubjectNames {
    TOPIC_NAME("TopicNameStrategy") {
        @Override
        String subject(String topic, boolean key, String recordName) {
            return topic + (key ? "-key" : "-value");
        }
    },
    RECORD_NAME("RecordNameStrategy") {
        @Override
        String subject(String topic, boolean key, String recordName) {
            return recordName;
        }
    },
    TOPIC_RECORD_NAME("TopicRecordNameStrategy") {
        @Override
        String subject(String topic, boolean key, String recordName) {
            return topic + "-" + recordName;
        }
    };

    private static final String CONFLUENT_PACKAGE = "io.confluent.kafka.serializers.subject.";

    private final String className;

    SubjectNames(String className) {
        this.className = className;
    }

    abstract String subject(String topic, boolean key, String recordName);

    /** Reads the setting: Confluent's class (or its name), or the name without the package. */
    static SubjectNames of(String setting, Object value) {
        String name = value instanceof Class<?> type ? type.getName() : value.toString();
        for (SubjectNames strategy : values()) {
            if (name.equals(strategy.className) || name.equals(CONFLUENT_PACKAGE + strategy.className)) {
                return strategy;
            }
        }
        throw new ConfigException(
                setting, value, "must be TopicNameStrategy, RecordNameStrategy or TopicRecordNameStrategy");
    }
}
