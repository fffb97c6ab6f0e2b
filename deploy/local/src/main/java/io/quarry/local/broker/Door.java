package io.quarry.local.broker;

/**
 * A further listener of a broker.
 *
 * @param port where the broker listens
 * @param advertised the port that it names to its clients, as where to come back to
 */
public record Door(int port, int advertised) {}
