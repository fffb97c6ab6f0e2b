package io.quarry.local.bench;

/** Tells a person who waits how far a measurement is. */
public interface News {
    /** A step begins. */
    void step(String what);

    /**
     * So much of a step that takes long is done; may be called often.
     *
     * @param fraction from 0 to 1
     */
    void share(String what, double fraction);
}
