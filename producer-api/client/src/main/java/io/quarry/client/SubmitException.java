package io.quarry.client;

import org.jspecify.annotations.Nullable;

/** Why a job was not taken, one subclass per reason. The message is a sentence for people. */
public abstract sealed class SubmitException extends RuntimeException
        permits UnknownGroupException,
                TooLargeException,
                InvalidJobException,
                ConflictException,
                BrokerUnreachableException,
                ForeignRegistryException,
                RegistryUnreachableException {
    private static final long serialVersionUID = 1L;

    SubmitException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
