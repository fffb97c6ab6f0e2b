package io.quarry.schemas;

import io.quarry.avro.Job;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.util.ClassSecurityValidator;

/**
 * What every generated record builds its Avro model with. Since 1.12.2 Avro makes no object of a class that it was not told
 * to trust, not even when a builder copies a record; its settings for that are JVM-wide. Here our own package, and nothing
 * else, is added to what the JVM trusts already, so that users of the client need no system property.
 */
public final class WireModel {
    private static final String PACKAGE = Job.class.getPackageName();

    static {
        ClassSecurityValidator.setGlobal(ClassSecurityValidator.composite(
                ClassSecurityValidator.getGlobal(),
                type -> type.getPackageName().equals(PACKAGE)
                        && type.getClassLoader() == WireModel.class.getClassLoader()));
    }

    private WireModel() {}

    /** A model for one generated class; called by generated code. */
    public static SpecificData create() {
        return new SpecificData(WireModel.class.getClassLoader());
    }
}
