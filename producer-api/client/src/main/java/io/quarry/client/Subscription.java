package io.quarry.client;

/** A listener's registration. Closing it twice does nothing. */
public interface Subscription extends AutoCloseable {
    /** Ends the registration; a call that is under way may still be seen. */
    @Override
    void close();
}
