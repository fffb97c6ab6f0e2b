package io.quarry.local.chaos;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A wire between one process and the broker, on loopback, that can be cut. Two threads a connection. Safe for use by several
 * threads.
 */
final class Proxy implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(Proxy.class);
    private static final int BUFFER = 1 << 16;

    /** What becomes of what is said. */
    enum Wire {
        WHOLE,
        /** Nothing goes through and nobody is told, as when a switch is dead. */
        SILENT,
        /** Connections are lost and none is made. */
        CUT
    }

    private final ServerSocket server;
    private final int target;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private Wire wire = Wire.WHOLE;
    private boolean closed;

    private Proxy(ServerSocket server, int target) {
        this.server = server;
        this.target = target;
    }

    /** Listens on any free port of the loopback address. */
    static Proxy to(int target) throws IOException {
        Proxy proxy = new Proxy(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), target);
        proxy.thread(proxy::accept, "accept");
        return proxy;
    }

    int port() {
        return server.getLocalPort();
    }

    void set(Wire now) {
        synchronized (this) {
            wire = now;
            notifyAll();
        }
        if (now == Wire.CUT) {
            sockets.forEach(Proxy::end);
        }
    }

    private synchronized Wire wire() {
        return wire;
    }

    private void accept() {
        while (true) {
            try {
                Socket client = server.accept();
                if (wire() == Wire.CUT) {
                    end(client);
                    continue;
                }
                thread(() -> connect(client), "connect");
            } catch (IOException e) {
                synchronized (this) {
                    if (closed) {
                        return;
                    }
                }
                LOG.debug("A connection was not accepted", e);
            }
        }
    }

    private void connect(Socket client) {
        Socket broker = new Socket();
        sockets.add(client);
        sockets.add(broker);
        try {
            broker.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target), 1_000);
            broker.setTcpNoDelay(true);
            client.setTcpNoDelay(true);
            if (wire() == Wire.CUT) {
                throw new IOException("cut while it was made");
            }
        } catch (IOException e) {
            forget(client, broker);
            return;
        }
        thread(() -> pump(client, broker), "up");
        pump(broker, client);
    }

    private void pump(Socket from, Socket to) {
        byte[] buffer = new byte[BUFFER];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            int read;
            while ((read = in.read(buffer)) >= 0) {
                awaitVoice();
                out.write(buffer, 0, read);
            }
        } catch (IOException e) {
            LOG.trace("A connection ended", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            forget(from, to);
        }
    }

    private synchronized void awaitVoice() throws InterruptedException {
        while (wire == Wire.SILENT && !closed) {
            wait();
        }
    }

    private void forget(Socket one, Socket other) {
        end(one);
        end(other);
        sockets.remove(one);
        sockets.remove(other);
    }

    private static void end(@Nullable Socket socket) {
        try {
            if (socket != null) {
                socket.close();
            }
        } catch (IOException e) {
            LOG.trace("A socket did not close", e);
        }
    }

    private void thread(Runnable task, String what) {
        Thread thread = new Thread(task, "chaos-proxy-" + what);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        server.close();
        sockets.forEach(Proxy::end);
    }
}
