package io.quarry.local.cli;

import io.quarry.engine.catalog.Catalog;
import io.quarry.engine.catalog.CatalogException;
import io.quarry.engine.catalog.Problem;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Checks a catalog. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        description = "Checks a feature catalog and prints every error with its line.",
        footerHeading = "%nExample:%n",
        footer = "  quarry catalog check deploy/demo/catalog.yaml")
final class CatalogCheckCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private Output output;

    @Parameters(paramLabel = "FILE", description = "The catalog, YAML.")
    private Path file;

    CatalogCheckCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        QuarryCommand.existing(file, "the catalog");
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("file", file.toString());
        try {
            Catalog catalog = Catalog.load(file);
            answer.put("valid", true);
            answer.put("hash", catalog.hash());
            answer.put("files", catalog.files().stream().map(Path::toString).toList());
            answer.put("problems", List.of());
            output.print(console, answer, () -> {
                List<String> lines = new ArrayList<>();
                lines.add(file + " is valid, hash " + catalog.hash());
                catalog.files().forEach(source -> lines.add("  reads " + source));
                return lines;
            });
            return ExitCodes.DONE;
        } catch (CatalogException e) {
            answer.put("valid", false);
            answer.put(
                    "problems",
                    e.problems().stream().map(CatalogCheckCommand::tree).toList());
            output.print(
                    console,
                    answer,
                    () -> e.problems().stream().map(Problem::toString).toList());
            console.say("quarry: " + e.problems().size() + (e.problems().size() == 1 ? " error" : " errors"));
            return ExitCodes.BAD_USAGE;
        }
    }

    static Map<String, Object> tree(Problem problem) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("file", problem.file());
        tree.put("line", problem.line());
        tree.put("column", problem.column());
        tree.put("message", problem.message());
        return tree;
    }
}
