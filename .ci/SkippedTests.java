import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/**
 * Prints how many tests a build ran and how many it skipped, and why, from the reports of surefire and failsafe. Run by the
 * last module at the end of mvn verify: java .ci/SkippedTests.java ROOT
 */
public final class SkippedTests {
    private int ran;
    private int skipped;
    private final Map<String, List<String>> byReason = new TreeMap<>();

    public static void main(String[] args) throws Exception {
        SkippedTests tests = new SkippedTests();
        for (Path report : reports(Path.of(args.length > 0 ? args[0] : "."))) {
            tests.read(report);
        }
        tests.print();
    }

    private static List<Path> reports(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root.toRealPath(), 6)) {
            return files.filter(SkippedTests::isReport).sorted().toList();
        }
    }

    private static boolean isReport(Path file) {
        String directory = file.getParent().getFileName().toString();
        String name = file.getFileName().toString();
        return (directory.equals("surefire-reports") || directory.equals("failsafe-reports"))
                && name.startsWith("TEST-")
                && name.endsWith(".xml");
    }

    private void read(Path report) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        DocumentBuilder builder = factory.newDocumentBuilder();
        NodeList cases = builder.parse(report.toFile()).getElementsByTagName("testcase");
        for (int i = 0; i < cases.getLength(); i++) {
            Element test = (Element) cases.item(i);
            String reason = reasonOf(test);
            if (reason == null) {
                ran++;
                continue;
            }
            skipped++;
            String type = test.getAttribute("classname");
            String name = type.substring(type.lastIndexOf('.') + 1);
            String method = test.getAttribute("name");
            byReason.computeIfAbsent(reason, key -> new ArrayList<>())
                    .add(method.isEmpty() || method.equals(type) ? name : name + "." + method);
        }
    }

    private static String reasonOf(Element test) {
        for (Node child = test.getFirstChild(); child != null; child = child.getNextSibling()) {
            if (child instanceof Element element && element.getTagName().equals("skipped")) {
                String message = element.getAttribute("message");
                return message.isBlank() ? reasonIn(element.getTextContent()) : firstLine(message);
            }
        }
        return null;
    }

    /** Of a case of a parameterized test there is the trace alone, which begins with the exception and what it says. */
    private static String reasonIn(String trace) {
        String first = firstLine(trace);
        int colon = first.indexOf("Exception: ");
        return colon < 0
                ? "no reason given"
                : first.substring(colon + "Exception: ".length()).replaceFirst("^Assumption failed: ", "");
    }

    private static String firstLine(String text) {
        return text.strip().lines().findFirst().orElse("");
    }

    private void print() {
        System.out.println();
        System.out.println("Tests in all: " + ran + " ran, " + skipped + " skipped");
        byReason.forEach((reason, tests) -> {
            System.out.println("  " + tests.size() + " skipped: " + reason);
            tests.forEach(test -> System.out.println("      " + test));
        });
        System.out.println();
    }
}
