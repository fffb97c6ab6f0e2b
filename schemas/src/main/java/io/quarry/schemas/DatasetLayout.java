package io.quarry.schemas;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Names below the directory of all datasets: {@code <job>/<attempt>-<claim>/} for what one claim wrote,
 * {@code <job>/dataset.json} for the pointer to the one that was published, {@code @named/<name>.json} for the latest dataset of
 * a name. No job's directory begins with {@code @} or a dot.
 */
public final class DatasetLayout {
    /** File in a job's directory that points to the published claim. */
    public static final String POINTER = "dataset.json";

    /** Directory of the pointers by dataset name. */
    public static final String NAMED = "@named";

    private static final int LONGEST_NAME = 200;
    private static final int HASH_LENGTH = 32;
    private static final String PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    private static final Pattern CLAIM = Pattern.compile("[1-9][0-9]{0,9}-[A-Za-z0-9][A-Za-z0-9-]*");
    private static final Pattern ESCAPED = Pattern.compile("(?:[A-Za-z0-9_.-]|%[0-9A-F]{2})+");

    private DatasetLayout() {}

    /** Directory of a job: what is not a letter, digit, _ or - is percent-encoded; a dot only where it leads. */
    public static String ofJob(String id) {
        StringBuilder name = new StringBuilder();
        byte[] bytes = id.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < bytes.length; i++) {
            char c = (char) (bytes[i] & 0xff);
            boolean plain = PLAIN.indexOf(c) >= 0;
            if (plain || (c == '.' && i > 0)) {
                name.append(c);
            } else {
                name.append(String.format("%%%02X", (int) c));
            }
        }
        if (name.length() <= LONGEST_NAME) {
            return name.toString();
        }
        // File systems end names at 255 bytes.
        return name.substring(0, LONGEST_NAME - HASH_LENGTH - 1) + "-" + hash(bytes);
    }

    /** Directory of a claim within its job's. */
    public static String ofClaim(int attempt, String claim) {
        return attempt + "-" + claim;
    }

    /** Whether a name is that of a claim's directory. */
    public static boolean isClaim(String name) {
        return CLAIM.matcher(name).matches();
    }

    /** Id of the job whose directory has a name; empty for a name of another kind, or one too long to tell. */
    public static Optional<String> jobOf(String name) {
        if (name.length() > LONGEST_NAME - HASH_LENGTH || !ESCAPED.matcher(name).matches()) {
            return Optional.empty();
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < name.length(); i++) {
            if (name.charAt(i) == '%') {
                bytes.write(Integer.parseInt(name.substring(i + 1, i + 3), 16));
                i += 2;
            } else {
                bytes.write(name.charAt(i));
            }
        }
        String id = bytes.toString(StandardCharsets.UTF_8);
        return ofJob(id).equals(name) ? Optional.of(id) : Optional.empty();
    }

    private static String hash(byte[] bytes) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            return HexFormat.of().formatHex(digest, 0, HASH_LENGTH / 2);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
