package io.quarry.local.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/** A question to whoever sits at the terminal. */
final class Confirmation {
    private Confirmation() {}

    /** Whether something that was named may be deleted: where there is nobody to ask, naming it is enough. */
    static boolean ofDeletion(Console console, String what) throws IOException {
        if (!console.errTerminal()) {
            return true;
        }
        boolean given = given(console, "Delete " + what + "?");
        if (!given) {
            console.say("nothing was deleted");
        }
        return given;
    }

    /** Whether the answer is yes; no answer is none. To be asked on a terminal only. */
    static boolean given(Console console, String question) throws IOException {
        console.err().print(question + " [y/N] ");
        console.err().flush();
        String answer = new BufferedReader(new InputStreamReader(console.in(), StandardCharsets.UTF_8)).readLine();
        return answer != null && List.of("y", "yes").contains(answer.strip().toLowerCase(Locale.ROOT));
    }
}
