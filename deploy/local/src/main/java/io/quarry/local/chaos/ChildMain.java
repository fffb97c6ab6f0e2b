package io.quarry.local.chaos;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;

/** Runs another main class and ends with whoever started it: {@code ChildMain <main class> <arguments>...}. */
public final class ChildMain {
    private ChildMain() {}

    public static void main(String[] args) throws ReflectiveOperationException {
        Thread watching = new Thread(ChildMain::awaitEnd, "chaos-parent");
        watching.setDaemon(true);
        watching.start();
        try {
            Class.forName(args[0]).getMethod("main", String[].class).invoke(null, (Object)
                    Arrays.copyOfRange(args, 1, args.length));
        } catch (InvocationTargetException e) {
            System.err.println(e.getCause());
            System.exit(1);
        }
    }

    private static void awaitEnd() {
        try {
            long unused = System.in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            // A broken pipe is an end as well.
        }
        Runtime.getRuntime().halt(1);
    }
}
