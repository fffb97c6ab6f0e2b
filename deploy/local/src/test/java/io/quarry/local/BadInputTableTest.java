package io.quarry.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Keeps the table "Bad input" of deploy/README.md true: every test that it names is there. */
class BadInputTableTest {
    private static final Path CHECKOUT = Path.of("../..").toAbsolutePath().normalize();
    private static final Pattern NAMED = Pattern.compile("`(\\w+(?:Test|IT))\\.(\\w+)`");

    @Test
    void everyTestThatTheTableNamesIsThere() throws IOException {
        String readme = Files.readString(CHECKOUT.resolve("deploy/README.md"));
        int begin = readme.indexOf("## Bad input");
        String table = readme.substring(begin, readme.indexOf("\n## ", begin));
        Map<String, String> sources = tests();
        List<String> missing = new ArrayList<>();
        int named = 0;
        Matcher test = NAMED.matcher(table);
        while (test.find()) {
            named++;
            if (!sources.getOrDefault(test.group(1) + ".java", "").contains("void " + test.group(2) + "(")) {
                missing.add(test.group());
            }
        }
        assertThat(missing).isEmpty();
        assertThat(named).isGreaterThan(25);
        assertThat(table.lines().filter(line -> line.startsWith("|")).skip(2))
                .allMatch(row -> NAMED.matcher(row).find());
    }

    private static Map<String, String> tests() throws IOException {
        try (Stream<Path> files = Files.walk(CHECKOUT)) {
            return files.filter(file -> file.toString().matches(".*/src/test/java/.*(Test|IT)\\.java"))
                    .collect(Collectors.toMap(
                            file -> file.getFileName().toString(),
                            BadInputTableTest::text,
                            (one, other) -> one + other));
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
