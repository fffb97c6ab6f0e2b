package io.quarry.local.broker;

/**
 * A further listener of a broker.
 *
 * @param address the address of this machine that the broker listens on
 * @param port where the broker listens
 * @param host the host that it names to its clients, as where to come back to
 * @param advertised the port that it names to them
 */
public record Door(String address, int port, String host, int advertised) {
    /** A listener on the loopback address. */
    public Door(int port, int advertised) {
        this(BrokerProperties.HOST, port, BrokerProperties.HOST, advertised);
    }

    /** A listener on all addresses of this machine, for clients that know it by a name. */
    public static Door toOthers(String host, int port) {
        return new Door("0.0.0.0", port, host, port);
    }
}
