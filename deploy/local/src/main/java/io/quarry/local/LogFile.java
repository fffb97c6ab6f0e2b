package io.quarry.local;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.FileSize;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * The log of this JVM while local mode is up: all that is logged goes to one file instead of the terminal, Quarry's own
 * life cycle from INFO on, everybody else's warnings.
 */
public final class LogFile implements AutoCloseable {
    private final Logger root;
    private final Logger own;
    private final @Nullable Level ownLevel;
    private final List<Appender<ILoggingEvent>> before;
    private final Appender<ILoggingEvent> file;

    private LogFile(
            Logger root,
            Logger own,
            @Nullable Level ownLevel,
            List<Appender<ILoggingEvent>> before,
            Appender<ILoggingEvent> file) {
        this.root = root;
        this.own = own;
        this.ownLevel = ownLevel;
        this.before = before;
        this.file = file;
    }

    /** Sends the log to a file; does nothing where the log is not Logback's. */
    public static AutoCloseable open(Path path) {
        if (!(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
            return () -> {};
        }
        PatternLayoutEncoder encoder = new PatternLayoutEncoder();
        encoder.setContext(context);
        encoder.setPattern("%d{ISO8601} %-5level [%thread] %logger{24} %msg%n");
        encoder.start();
        RollingFileAppender<ILoggingEvent> file = new RollingFileAppender<>();
        file.setContext(context);
        file.setName(path.toString());
        file.setFile(path.toString());
        file.setEncoder(encoder);
        FixedWindowRollingPolicy rolling = new FixedWindowRollingPolicy();
        rolling.setContext(context);
        rolling.setParent(file);
        rolling.setMaxIndex(2);
        rolling.setFileNamePattern(path + ".%i");
        rolling.start();
        SizeBasedTriggeringPolicy<ILoggingEvent> trigger = new SizeBasedTriggeringPolicy<>();
        trigger.setContext(context);
        trigger.setMaxFileSize(FileSize.valueOf("16MB"));
        trigger.start();
        file.setRollingPolicy(rolling);
        file.setTriggeringPolicy(trigger);
        file.start();

        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        Logger own = context.getLogger("io.quarry");
        List<Appender<ILoggingEvent>> before = new ArrayList<>();
        root.iteratorForAppenders().forEachRemaining(before::add);
        LogFile opened = new LogFile(root, own, own.getLevel(), before, file);
        before.forEach(root::detachAppender);
        root.addAppender(file);
        own.setLevel(Level.INFO);
        return opened;
    }

    @Override
    public void close() {
        before.forEach(root::addAppender);
        root.detachAppender(file);
        own.setLevel(ownLevel);
        file.stop();
    }
}
