package io.quarry.worker;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * SIGTERM and SIGINT: the first asks the worker to stop, the second ends it. A shutdown hook could not tell a second one, and
 * the JVM's own handler would begin to shut down under a job that is to finish.
 */
final class StopSignals {
    private StopSignals() {}

    /** Takes the signals over; where the JVM has no such thing they keep their usual meaning. */
    // sun.misc.Signal is exported by every JDK but named here by text, since javac warns about it without a way to say
    // yes.
    static void take(Runnable first, Runnable second) {
        AtomicInteger received = new AtomicInteger();
        InvocationHandler handler = (proxy, method, arguments) -> {
            if (method.getName().equals("handle")) {
                Thread thread = new Thread(received.incrementAndGet() == 1 ? first : second, "quarry-signal");
                thread.setDaemon(true);
                thread.start();
            }
            return switch (method.getName()) {
                case "hashCode" -> System.identityHashCode(proxy);
                case "equals" -> proxy == arguments[0];
                case "toString" -> "StopSignals";
                default -> null;
            };
        };
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> signalHandler = Class.forName("sun.misc.SignalHandler");
            Object ours =
                    Proxy.newProxyInstance(StopSignals.class.getClassLoader(), new Class<?>[] {signalHandler}, handler);
            for (String name : new String[] {"TERM", "INT"}) {
                Object unused = signal.getMethod("handle", signal, signalHandler)
                        .invoke(null, signal.getConstructor(String.class).newInstance(name), ours);
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this JVM lets nobody handle SIGTERM", e);
        }
    }
}
