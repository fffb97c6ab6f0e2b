package io.quarry.local.cli;

import io.quarry.client.InvalidRecord;
import io.quarry.client.QuarryClient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lists and shows records that never became a job, with their bytes. */
@Command(
        name = "invalid",
        mixinStandardHelpOptions = true,
        description =
                "Lists records of the job topics that could not be taken as a job, and why; or shows one with its bytes.",
        footerHeading = "%nExample:%n",
        footer = {"  quarry dead invalid", "  quarry dead invalid 12", "  quarry dead invalid 12 --save record.bin"})
final class DeadInvalidCommand implements Callable<Integer> {
    private static final int PREVIEW = 256;
    private static final int BYTES_A_LINE = 16;

    private final Console console;

    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Option(
            names = "--limit",
            paramLabel = "N",
            defaultValue = "50",
            description = "Most to list, the latest (default: ${DEFAULT-VALUE}).")
    private int limit;

    @Option(
            names = "--save",
            paramLabel = "FILE|-",
            description = "Writes the record's value as it came to a new file, or with - to standard output alone.")
    private @Nullable String save;

    @Parameters(arity = "0..1", paramLabel = "OFFSET", description = "Offset in jobs.invalid, as the list shows it.")
    private @Nullable Long offset;

    DeadInvalidCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        if (limit < 1) {
            throw CommandFailure.badUsage("--limit is " + limit + ": must be at least 1");
        }
        if (offset == null && save != null) {
            throw CommandFailure.badUsage("--save needs the offset of one record: 'quarry dead invalid' lists them");
        }
        try (QuarryClient client = connection.client(console)) {
            if (offset == null) {
                return list(client, limit, console, output);
            }
            InvalidRecord record;
            try (Stream<InvalidRecord> all = client.invalidRecords()) {
                record = all.filter(one -> one.offset() == offset)
                        .findFirst()
                        .orElseThrow(() -> CommandFailure.badUsage("jobs.invalid has no record at offset " + offset
                                + ": 'quarry dead invalid' lists them"));
            }
            if (save != null) {
                return save(record, save);
            }
            output.print(console, tree(record, true), () -> page(record));
        }
        return ExitCodes.DONE;
    }

    static int list(QuarryClient client, int limit, Console console, Output output) {
        Deque<InvalidRecord> last = new ArrayDeque<>();
        long[] count = {0};
        try (Stream<InvalidRecord> all = client.invalidRecords()) {
            all.forEach(record -> {
                count[0]++;
                last.add(record);
                if (last.size() > limit) {
                    last.remove();
                }
            });
        }
        output.print(
                console,
                last.stream().map(record -> tree(record, false)).toList(),
                () -> table(List.copyOf(last), console.tableWidth()));
        if (output.forPeople() && last.size() < count[0]) {
            console.say((count[0] - last.size()) + " older ones are not shown: --limit");
        }
        return ExitCodes.DONE;
    }

    private int save(InvalidRecord record, String where) throws IOException {
        byte[] value = record.value() == null ? new byte[0] : record.value();
        if (where.equals("-")) {
            console.out().write(value);
            console.out().flush();
            return ExitCodes.DONE;
        }
        Path file = Path.of(where).toAbsolutePath();
        if (Files.exists(file)) {
            throw CommandFailure.badUsage("the file " + file + " is there already: name a new one");
        }
        Files.write(file, value);
        console.say(value.length + " bytes are in " + file);
        return ExitCodes.DONE;
    }

    private static List<String> table(List<InvalidRecord> records, int width) {
        if (records.isEmpty()) {
            return List.of("no invalid records");
        }
        TextTable table = new TextTable("OFFSET", "AT", "TOPIC", "THERE", "REASON", "KEY", "BYTES", "WHY");
        for (InvalidRecord record : records) {
            table.row(
                    record.offset(),
                    Text.time(record.at()),
                    record.topic(),
                    record.topicOffset(),
                    record.reason(),
                    key(record),
                    record.value() == null ? 0 : record.value().length,
                    record.detail());
        }
        return table.lines(width);
    }

    private static Map<String, Object> tree(InvalidRecord record, boolean whole) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("offset", record.offset());
        tree.put("at", record.at().toString());
        tree.put("topic", record.topic());
        tree.put("topic_offset", record.topicOffset());
        tree.put("reason", record.reason());
        tree.put("detail", record.detail());
        tree.put("headers", record.headers());
        byte[] key = record.key();
        if (key != null && text(key) != null) {
            tree.put("key", String.valueOf(text(key)));
        } else if (key != null) {
            tree.put("key_base64", Base64.getEncoder().encodeToString(key));
        }
        byte[] value = record.value();
        tree.put("value_bytes", value == null ? 0 : value.length);
        if (whole && value != null) {
            tree.put("value_base64", Base64.getEncoder().encodeToString(value));
        }
        return tree;
    }

    private static List<String> page(InvalidRecord record) {
        Map<String, @Nullable String> facts = new LinkedHashMap<>();
        facts.put("offset", Long.toString(record.offset()));
        facts.put("at", Text.time(record.at()));
        facts.put("found in", record.topic() + " at offset " + record.topicOffset());
        facts.put("reason", record.reason());
        facts.put("detail", record.detail());
        facts.put("key", key(record));
        record.headers().forEach((name, value) -> {
            if (!name.startsWith("quarry.")) {
                facts.put("header " + name, value);
            }
        });
        byte[] value = record.value() == null ? new byte[0] : record.value();
        facts.put("value", value.length + " bytes" + (value.length > PREVIEW ? ", the first " + PREVIEW + ":" : ""));
        List<String> lines = JobText.facts(facts);
        for (int at = 0; at < Math.min(value.length, PREVIEW); at += BYTES_A_LINE) {
            lines.add(hex(value, at, Math.min(Math.min(value.length, PREVIEW), at + BYTES_A_LINE)));
        }
        return lines;
    }

    private static String hex(byte[] value, int from, int to) {
        StringBuilder text = new StringBuilder();
        for (int i = from; i < to; i++) {
            text.append(value[i] >= 0x20 && value[i] < 0x7f ? (char) value[i] : '.');
        }
        String bytes = HexFormat.ofDelimiter(" ").formatHex(value, from, to);
        return String.format(Locale.ROOT, "  %04x  %-47s  %s", from, bytes, text);
    }

    private static String key(InvalidRecord record) {
        byte[] key = record.key();
        String text = key == null ? "" : text(key);
        return text != null ? text : HexFormat.of().formatHex(key);
    }

    /** The bytes as text, null when they are none. */
    private static @Nullable String text(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }
}
