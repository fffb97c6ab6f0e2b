package io.quarry.local.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/** The option {@code -o} and what it does: one answer, for people or for programs. */
final class Output {
    /** How an answer is written. */
    enum Format {
        TABLE,
        JSON,
        YAML
    }

    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE);
    private static final ObjectMapper YAML = new ObjectMapper(YAMLFactory.builder()
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .disable(YAMLGenerator.Feature.SPLIT_LINES)
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
            .enable(YAMLGenerator.Feature.INDENT_ARRAYS_WITH_INDICATOR)
            .build());

    @Option(
            names = {"-o", "--output"},
            defaultValue = "table",
            paramLabel = "table|json|yaml",
            description = "Form of the answer on standard output (default: ${DEFAULT-VALUE}).")
    private Format format = Format.TABLE;

    boolean forPeople() {
        return format == Format.TABLE;
    }

    /**
     * Prints one answer.
     *
     * @param tree maps, lists and scalars, for programs
     * @param lines lines for people
     */
    void print(Console console, Object tree, Supplier<List<String>> lines) {
        switch (format) {
            case TABLE -> lines.get().forEach(console.out()::println);
            case JSON -> console.out().println(json(tree));
            case YAML -> console.out().print(yaml(tree));
        }
        console.out().flush();
    }

    /** A record as a map, under names such as an Avro schema would have. */
    static Map<String, Object> tree(Record record) {
        return JSON.convertValue(record, new TypeReference<>() {});
    }

    static String json(Object tree) {
        return write(JSON, tree);
    }

    static String yaml(Object tree) {
        return write(YAML, tree);
    }

    private static String write(ObjectMapper mapper, Object tree) {
        try {
            return mapper.writeValueAsString(tree);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("maps, lists and scalars can always be written", e);
        }
    }
}
