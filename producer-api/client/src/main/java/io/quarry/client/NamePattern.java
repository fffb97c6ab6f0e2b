package io.quarry.client;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A name in which * stands for any characters.
 *
 * @param text the name
 */
public record NamePattern(String text) {
    /** Whether a job's name is meant; a job without a name never is. */
    public boolean matches(@Nullable String name) {
        String[] parts = text.split("\\*", -1);
        StringBuilder pattern = new StringBuilder(Pattern.quote(parts[0]));
        for (int i = 1; i < parts.length; i++) {
            pattern.append(".*").append(Pattern.quote(parts[i]));
        }
        return name != null
                && Pattern.compile(pattern.toString(), Pattern.DOTALL)
                        .matcher(name)
                        .matches();
    }
}
