package io.quarry.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keeps true what the READMEs say about tests: a promise names a test, and the test is there. */
class GuaranteesTest {
    private static final Path CHECKOUT = Path.of("../..").toAbsolutePath().normalize();
    private static final Pattern LINK =
            Pattern.compile("\\[(\\w+?(?:Test|IT|KT|CT))(?:\\.(\\w+))?]\\(([^)]+\\.java)\\)");

    @ParameterizedTest
    @CsvSource({
        "README.md, ## Guarantees, ## Where things are",
        "scheduler/DESIGN.md, ## What can go wrong, ## What fails when"
    })
    void everyTestThatIsNamedIsThere(String document, String from, String to) throws IOException {
        List<String> missing = new ArrayList<>();
        Matcher link = LINK.matcher(part(document, from, to));
        int links = 0;
        while (link.find()) {
            links++;
            Path file = CHECKOUT.resolve(document).resolveSibling(link.group(3)).normalize();
            boolean there = Files.exists(file)
                    && file.getFileName().toString().equals(link.group(1) + ".java")
                    && (link.group(2) == null || Files.readString(file).contains("void " + link.group(2) + "("));
            if (!there) {
                missing.add(link.group());
            }
        }
        assertThat(missing).isEmpty();
        assertThat(links).isGreaterThan(15);
    }

    @Test
    void everyPromiseNamesATest() throws IOException {
        String promises = part("README.md", "## Guarantees", "**Windows that remain**");
        String[] lines = promises.split("\n- ", -1);
        assertThat(lines).hasSizeGreaterThan(10);
        for (int i = 1; i < lines.length; i++) {
            assertThat(lines[i]).containsPattern(LINK);
        }
    }

    @Test
    void everyRowOfTheListNamesATestOrSaysThatThereIsNone() throws IOException {
        assertThat(part("scheduler/DESIGN.md", "## What can go wrong", "## What fails when")
                        .lines()
                        .filter(line -> line.startsWith("|"))
                        .skip(2))
                .hasSizeGreaterThan(30)
                .allMatch(row -> LINK.matcher(row).find() || row.contains("none yet"));
    }

    private static String part(String document, String from, String to) throws IOException {
        String text = Files.readString(CHECKOUT.resolve(document));
        int begin = text.indexOf(from);
        return text.substring(begin, text.indexOf(to, begin));
    }
}
