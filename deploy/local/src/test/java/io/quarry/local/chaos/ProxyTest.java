package io.quarry.local.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class ProxyTest {
    private ServerSocket echo;
    private Proxy proxy;

    @BeforeEach
    void start() throws IOException {
        ServerSocket listening = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        echo = listening;
        Thread thread = new Thread(() -> echo(listening));
        thread.setDaemon(true);
        thread.start();
        proxy = Proxy.to(listening.getLocalPort());
    }

    private static void echo(ServerSocket listening) {
        while (!listening.isClosed()) {
            try (Socket socket = listening.accept()) {
                long unused = socket.getInputStream().transferTo(socket.getOutputStream());
            } catch (IOException e) {
                // The next one may go well.
            }
        }
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        echo.close();
    }

    @Test
    void aWholeWireCarriesBothWays() throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(42);

            assertThat(socket.getInputStream().read()).isEqualTo(42);
        }
    }

    @Test
    void aSilentWireLosesNothingAndSaysItWhenMended() throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(1);
            assertThat(socket.getInputStream().read()).isEqualTo(1);
            proxy.set(Proxy.Wire.SILENT);
            socket.getOutputStream().write(2);
            socket.setSoTimeout(100);
            assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);

            proxy.set(Proxy.Wire.WHOLE);
            socket.setSoTimeout(10_000);

            assertThat(socket.getInputStream().read()).isEqualTo(2);
        }
    }

    @Test
    void aCutWireLosesItsConnectionsAndMakesNone() throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(1);
            assertThat(socket.getInputStream().read()).isEqualTo(1);

            proxy.set(Proxy.Wire.CUT);

            assertThat(ended(socket)).isTrue();
            try (Socket another = connect()) {
                assertThat(ended(another)).isTrue();
            }
        }
        proxy.set(Proxy.Wire.WHOLE);
        aWholeWireCarriesBothWays();
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port());
        socket.setSoTimeout(10_000);
        return socket;
    }

    private static boolean ended(Socket socket) {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }
}
