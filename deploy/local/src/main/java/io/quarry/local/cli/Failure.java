package io.quarry.local.cli;

import io.quarry.client.BrokerUnreachableException;
import io.quarry.client.InvalidJobException;
import io.quarry.client.RegistryUnreachableException;
import io.quarry.client.SubmitException;
import io.quarry.engine.catalog.Problem;
import io.quarry.local.DataDirectoryException;
import io.quarry.local.LocalModeException;
import io.quarry.local.SettingException;
import io.quarry.local.UnreachableException;
import io.quarry.local.broker.BrokerException;
import io.quarry.local.registry.RegistryException;
import io.quarry.schemas.serde.RegistryUnavailableException;
import io.quarry.schemas.serde.UnreadableRecordException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * What a failed command tells its user.
 *
 * @param exitCode how the command exits
 * @param lines what it says, in the user's words
 */
record Failure(int exitCode, List<String> lines) {
    Failure {
        lines = List.copyOf(lines);
    }

    /** The failure in the user's words; empty for one that nobody foresaw. */
    static Optional<Failure> known(Exception failure, Optional<ConnectionOptions> options) {
        Optional<Connection> connection = options.flatMap(ConnectionOptions::found);
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            Optional<Failure> known = known(cause);
            if (known.isEmpty() && connection.isPresent()) {
                Duration reach = options.map(ConnectionOptions::reach).orElse(Duration.ZERO);
                known = away(cause, connection.get(), reach);
            }
            if (known.isEmpty()) {
                known = awayFromNowhere(cause);
            }
            if (known.isPresent()) {
                return known;
            }
        }
        return Optional.empty();
    }

    private static Optional<Failure> known(Throwable cause) {
        if (cause instanceof CommandFailure known) {
            return one(known.exitCode(), known.text());
        }
        if (cause instanceof JobFileException file) {
            return Optional.of(new Failure(
                    ExitCodes.BAD_USAGE,
                    file.problems().stream().map(Problem::toString).toList()));
        }
        if (cause instanceof InvalidJobException invalid) {
            return Optional.of(new Failure(
                    ExitCodes.BAD_USAGE,
                    invalid.violations().stream()
                            .map(violation -> "quarry: " + violation)
                            .toList()));
        }
        if (cause instanceof SettingException || cause instanceof ConfigException) {
            return one(ExitCodes.BAD_USAGE, Text.message(cause));
        }
        if (cause instanceof UnreachableException) {
            return one(ExitCodes.UNREACHABLE, Text.message(cause));
        }
        if (cause instanceof DataDirectoryException
                || cause instanceof BrokerException
                || cause instanceof RegistryException
                || (cause instanceof LocalModeException && !isAway(cause.getCause()))) {
            return one(ExitCodes.FAILED, Text.message(cause));
        }
        return Optional.empty();
    }

    /** Broker or registry out of reach, with where they were looked for. */
    private static Optional<Failure> away(Throwable cause, Connection connection, Duration reach) {
        if (cause instanceof BrokerUnreachableException broker) {
            return one(connection.brokerAway(broker.waited(), cause));
        }
        if (cause instanceof UnreadableRecordException unreadable && isForeign(unreadable.reason())) {
            return one(connection.registryForeign(unreadable));
        }
        if (cause instanceof TimeoutException) {
            return one(connection.brokerAway(reach, cause));
        }
        if (cause instanceof RegistryUnreachableException || cause instanceof RegistryUnavailableException) {
            return one(connection.registryAway(Text.reason(cause), cause));
        }
        if (cause instanceof AuthenticationException || cause instanceof AuthorizationException) {
            return one(connection.brokerRefuses(cause));
        }
        boolean unresolved = cause instanceof KafkaException
                && cause.getCause() instanceof ConfigException config
                && Text.message(config).contains("resolv");
        return unresolved ? one(connection.brokerAway(Duration.ZERO, cause)) : Optional.empty();
    }

    /** Whether the registry, and not the record, is to blame. */
    private static boolean isForeign(UnreadableRecordException.Reason reason) {
        return switch (reason) {
            case UNKNOWN_SCHEMA_ID, BAD_SCHEMA, WRONG_TYPE, WRONG_SUBJECT, INCOMPATIBLE_SCHEMA -> true;
            case NULL_VALUE, TOO_SHORT, BAD_MAGIC, CORRUPT, TRAILING_BYTES -> false;
        };
    }

    private static Optional<Failure> awayFromNowhere(Throwable cause) {
        if (cause instanceof RegistryUnavailableException) {
            return one(ExitCodes.UNREACHABLE, "the schema registry cannot be used: " + Text.message(cause));
        }
        if (cause instanceof BrokerUnreachableException || cause instanceof RegistryUnreachableException) {
            return one(ExitCodes.UNREACHABLE, Text.message(cause));
        }
        if (cause instanceof SubmitException) {
            return one(ExitCodes.BAD_USAGE, Text.message(cause));
        }
        return cause instanceof TimeoutException
                ? one(ExitCodes.UNREACHABLE, "the broker does not answer: " + Text.message(cause))
                : Optional.empty();
    }

    private static boolean isAway(@org.jspecify.annotations.Nullable Throwable cause) {
        return cause instanceof RegistryUnavailableException || cause instanceof TimeoutException;
    }

    private static Optional<Failure> one(CommandFailure failure) {
        return one(failure.exitCode(), failure.text());
    }

    private static Optional<Failure> one(int exitCode, String text) {
        return Optional.of(new Failure(exitCode, List.of("quarry: " + text)));
    }
}
