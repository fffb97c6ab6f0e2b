package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.State;
import io.quarry.local.DataDirectory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class QuarryCommandTest {
    @TempDir
    private Path home;

    private CommandRun run(String... arguments) {
        return CommandRun.of(home, Map.of(), "", arguments);
    }

    /** The words of every command, the root's none. */
    static Stream<List<String>> commands() {
        List<List<String>> paths = new ArrayList<>();
        collect(QuarryCommand.commandLine(console(Path.of("."), Map.of(), false)), List.of(), paths);
        return paths.stream();
    }

    private static void collect(CommandLine command, List<String> path, List<List<String>> paths) {
        paths.add(path);
        command.getSubcommands().forEach((name, sub) -> {
            List<String> below = new ArrayList<>(path);
            below.add(name);
            collect(sub, below, paths);
        });
    }

    private static Console console(Path home, Map<String, String> environment, boolean terminal) {
        return CommandRun.console(
                home, environment, "", new ByteArrayOutputStream(), new ByteArrayOutputStream(), terminal);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandHasHelpWithAnExample(List<String> path) {
        List<String> arguments = new ArrayList<>(path);
        arguments.add("--help");

        CommandRun result = run(arguments.toArray(String[]::new));

        assertThat(result.code()).isZero();
        assertThat(result.out()).contains("Usage: quarry").contains("Example:");
        assertThat(result.err()).isEmpty();
    }

    @Test
    void aMistypedCommandIsBadUsageAndTheNearestIsNamed() {
        CommandRun result = run("topcis");

        assertThat(result.code()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).contains("topcis").contains("quarry topics").contains("--help");
    }

    @Test
    void aMistypedCommandIsUnknownWhateverStandsBehindItAndAllThatAreAsNearAreNamed() {
        assertThat(run("sumbit", "q.yaml", "--wait").err())
                .isEqualTo("quarry: unknown command 'sumbit'; did you mean 'quarry submit'?\nTry 'quarry --help'.\n");
        assertThat(run("jobz").err()).contains("did you mean 'quarry job' or 'quarry jobs'?");
        assertThat(run("groups", "lsit").err())
                .contains("unknown command 'groups lsit'; did you mean 'quarry groups list'?")
                .contains("Try 'quarry groups --help'.");
        assertThat(run("something-else").err())
                .isEqualTo("quarry: unknown command 'something-else'\nTry 'quarry --help'.\n");
        assertThat(run("sumbit").code()).isEqualTo(2);
        assertThat(run("--wiat").err()).contains("--wiat").doesNotContain("unknown command");
    }

    @Test
    void aFileThatIsNotThereIsSaidToBeNotThere() {
        CommandRun result = run("submit", home.resolve("missing.yaml").toString());

        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err()).contains("missing.yaml does not exist");
    }

    @Test
    void noCommandIsBadUsage() {
        CommandRun result = run();

        assertThat(result.code()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).contains("Usage: quarry");
    }

    @Test
    void aWrongOutputFormIsBadUsage() {
        assertThat(run("topics", "-o", "xml").code()).isEqualTo(2);
    }

    @Test
    void withoutBrokerTheExitCodeSaysSoAndTheMessageWhatToDo() {
        CommandRun result = run("jobs");

        assertThat(result.code()).isEqualTo(3);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).contains("no local mode is running").contains("--bootstrap-servers");
    }

    @Test
    void aBrokerThatDoesNotAnswerIsNamedWithWhereItsAddressIsFrom() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Map<String, String> environment = Map.of(
                "QUARRY_BOOTSTRAP_SERVERS", "localhost:" + port, "QUARRY_REGISTRY_URL", "http://localhost:" + port);

        CommandRun result = CommandRun.of(home, environment, "", "job", "some-id", "--connect-timeout", "1");

        assertThat(result.code()).isEqualTo(3);
        assertThat(result.err()).contains("localhost:" + port).contains("QUARRY_BOOTSTRAP_SERVERS");
    }

    @Test
    void submitSaysWhichAddressItTriedAndForHowLongInTheUsersWords() throws IOException {
        Path file = Files.writeString(home.resolve("q.yaml"), "input: {columns: {a.b: [1]}}\noutputs: [a.c]\n");

        CommandRun result = run(
                "submit",
                file.toString(),
                "--bootstrap-servers",
                "localhost:1",
                "--registry-url",
                "http://localhost:2",
                "--connect-timeout",
                "1");

        assertThat(result.code()).isEqualTo(3);
        assertThat(result.out()).isEmpty();
        assertThat(result.err())
                .startsWith("quarry: no broker answers at localhost:1 (from --bootstrap-servers), tried for 1.")
                .contains("Is 'deploy/quarry local' running?")
                .doesNotContain("submit.timeout.ms", "resource groups")
                .hasLineCount(1);
    }

    @Test
    void aHostThatDoesNotExistIsNamed() {
        CommandRun result = run(
                "topics", "--bootstrap-servers", "no-such-host.invalid:9092", "--registry-url", "http://localhost:2");

        assertThat(result.code()).isEqualTo(3);
        assertThat(result.err())
                .contains("no broker answers at no-such-host.invalid:9092 (from --bootstrap-servers): no such host");
    }

    @Test
    void aWaitOfNoTimeIsBadUsage() {
        CommandRun result = run("jobs", "--bootstrap-servers", "localhost:1", "--connect-timeout", "0");

        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err()).contains("--connect-timeout is 0");
    }

    @Test
    void anExternalBrokerThatDoesNotAnswerEndsTheStartAndLeavesNoDirectory() {
        CommandRun result =
                run("local", "--bootstrap-servers", "localhost:1", "--set", "broker.reach.ms=500", "--workers", "0");

        assertThat(result.code()).isEqualTo(3);
        assertThat(result.err()).contains("no broker answers at localhost:1");
        assertThat(home).isEmptyDirectory();
    }

    @Test
    void aPortThatIsTakenEndsTheStartNamesThePortAndLeavesNoDirectory() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
            CommandRun result = run("local", "--port", Integer.toString(taken.getLocalPort()), "--workers", "0");

            assertThat(result.code()).isEqualTo(1);
            assertThat(result.err()).contains(Integer.toString(taken.getLocalPort()));
            assertThat(home).isEmptyDirectory();
        }
    }

    @Test
    void aDataDirectoryThatAnotherProcessHasEndsTheStartAndIsLeftAlone() throws IOException {
        Path data = home.resolve("data");
        try (DataDirectory held = DataDirectory.open(data)) {
            CommandRun result = run("local", "--data", data.toString(), "--workers", "0");

            assertThat(result.code()).isEqualTo(1);
            assertThat(result.err())
                    .contains("is locked by process " + ProcessHandle.current().pid())
                    .contains("--data DIR");
            assertThat(held.datasets()).exists();
        }
    }

    @Test
    void aDataDirectoryOfAnOlderVersionIsRefusedWithTheWayOut() throws IOException {
        Path data = Files.createDirectories(home.resolve("data"));
        Files.writeString(data.resolve("lock"), "");
        Files.writeString(data.resolve("version"), "0\n");

        CommandRun result = run("local", "--data", data.toString(), "--workers", "0");

        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err())
                .contains("an older version of Quarry (layout 0")
                .contains("move the directory away");
        assertThat(data.resolve("version")).hasContent("0");
    }

    @Test
    void tooMuchOnStandardInputIsNamedAsThat() {
        CommandRun result = CommandRun.of(home, Map.of(), "#".repeat((16 << 20) + 1), "submit", "-");

        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err())
                .contains("standard input has more than 16.0 MiB")
                .contains("input.files");
    }

    @Test
    void aBrokerWithoutRegistryIsBadUsage() {
        CommandRun result = run("jobs", "--bootstrap-servers", "localhost:1");

        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err()).contains("--registry-url");
    }

    @Test
    void flagsComeBeforeVariablesAndVariablesBeforeARunningLocalMode() throws IOException {
        Path data = Files.createDirectories(home.resolve(".quarry/local"));
        Files.writeString(
                data.resolve("connection.properties"),
                "bootstrap.servers=local:1\nschema.registry.url=http://local:2\ntopic.prefix=l.\npid="
                        + ProcessHandle.current().pid());

        assertThat(find(Map.of(), Map.of()).settings())
                .containsEntry("bootstrap.servers", "local:1")
                .containsEntry("schema.registry.url", "http://local:2")
                .containsEntry("topic.prefix", "l.");
        Map<String, String> variables =
                Map.of("QUARRY_BOOTSTRAP_SERVERS", "env:1", "QUARRY_REGISTRY_URL", "http://env:2");
        assertThat(find(Map.of(), variables).settings())
                .containsEntry("bootstrap.servers", "env:1")
                .containsEntry("schema.registry.url", "http://env:2")
                .doesNotContainKey("topic.prefix");
        assertThat(find(Map.of("bootstrap.servers", "flag:1"), variables))
                .satisfies(found -> assertThat(found.bootstrapServers()).isEqualTo("flag:1"))
                .satisfies(found -> assertThat(found.origin()).isEqualTo("--bootstrap-servers"));
    }

    private Connection find(Map<String, String> flags, Map<String, String> variables) {
        Console console = console(home, variables, false);
        return Connection.find(flags, Optional.empty(), console, DataPlace.local(console, null));
    }

    @Test
    void whatALocalModeCannotReadIsRefusedBeforeAnythingIsStarted() throws IOException {
        Path none = home.resolve("none");

        CommandRun input = run("local", "--input-dir", none.toString());
        CommandRun catalog = run("local", "--catalog", home.toString());

        CommandRun comma = run(
                "local",
                "--input-dir",
                Files.createDirectory(home.resolve("a,b")).toString());

        assertThat(comma.code()).isEqualTo(2);
        assertThat(comma.err()).contains("a,b: no path may have a comma");
        assertThat(input.code()).isEqualTo(2);
        assertThat(input.err()).isEqualTo("quarry: --input-dir is " + none + ": it has to be an existing directory\n");
        assertThat(catalog.code()).isEqualTo(2);
        assertThat(catalog.err()).isEqualTo("quarry: the catalog " + home + " is a directory: name the file in it\n");
    }

    @Test
    void aCatalogThatDoesNotExistIsBadUsage() {
        CommandRun result = run("catalog", "check", home.resolve("none.yaml").toString());

        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err()).contains("none.yaml").contains("does not exist");
    }

    @ParameterizedTest
    @ValueSource(strings = {"inline", "range", "files", "sql"})
    void everyExampleOfAnInputIsExplained(String name) {
        CommandRun result = run("explain-query", "../examples/inputs/" + name + ".yaml");

        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.out()).contains("SELECT");
    }

    @Test
    void aJobFileWithErrorsIsBadUsageAndEachIsNamedAtItsLine() throws IOException {
        Path file = Files.writeString(home.resolve("q.yaml"), "outputs: [a.b]\ninptu: {}\n");

        CommandRun result = run("explain-query", file.toString());

        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err()).contains("q.yaml:2:1: unknown key inptu").contains("did you mean input?");
    }

    @Test
    void twoHundredMegabytesInlineAreRefusedWithTheWayToDoIt() throws IOException {
        Path file = home.resolve("big.yaml");
        try (var channel = Files.newByteChannel(
                file, java.nio.file.StandardOpenOption.CREATE_NEW, java.nio.file.StandardOpenOption.WRITE)) {
            channel.position(200L << 20);
            channel.write(java.nio.ByteBuffer.wrap(new byte[] {'#'}));
        }

        CommandRun result = run("submit", file.toString());

        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err()).contains("200.0 MiB").contains("Parquet").contains("input.files");
    }

    @Test
    void completionIsAScriptThatKnowsTheCommands() {
        CommandRun result = run("completion");

        assertThat(result.code()).isZero();
        assertThat(result.out()).contains("complete -F").contains("explain-query");
        assertThat(result.out().lines().takeWhile(line -> line.startsWith("#")))
                .as("how to use it, in a few words of our own")
                .hasSize(3)
                .anyMatch(line -> line.contains("source <(deploy/quarry completion)"));
    }

    @Test
    void aLocalModeThatWasKilledIsNamedWithTheWayToStartItAgain() throws IOException {
        Path data = Files.createDirectories(home.resolve("data"));
        Files.writeString(data.resolve(Connection.FILE), "bootstrap.servers=127.0.0.1:1\npid=999999999\n");

        CommandRun result = run("jobs", "--data", data.toString());

        assertThat(result.code()).isEqualTo(3);
        assertThat(result.err())
                .contains("the local mode of " + data + " (pid 999999999) is no longer running; start it again with"
                        + " 'quarry local --data " + data + "'");
    }

    @Test
    void aFeatureThatTheCatalogDoesNotHaveIsRefusedBeforeAnythingIsSubmitted() throws IOException {
        Path catalog = Path.of("..", "demo", "catalog.yaml").toAbsolutePath().normalize();
        Path file = Files.writeString(
                home.resolve("q.yaml"),
                "input: {columns: {airport.iata: [BOS]}}\noutputs: [airport.city, airport.ctiy]\n");
        String[] to = {"--bootstrap-servers", "127.0.0.1:1", "--registry-url", "http://127.0.0.1:1"};

        CommandRun result = run("submit", file.toString(), to[0], to[1], to[2], to[3], "--catalog", catalog.toString());

        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err())
                .isEqualTo("quarry: offline_query.outputs[1] is airport.ctiy: must be a feature of the catalog "
                        + catalog + ": did you mean airport.city?\n");
    }

    @Test
    void everyStateHasItsExitCode() {
        assertThat(ExitCodes.of(State.SUCCEEDED)).isZero();
        for (State state : List.of(State.FAILED, State.CANCELLED, State.EXPIRED)) {
            assertThat(ExitCodes.of(state)).isEqualTo(1);
        }
        for (State state : List.of(State.QUEUED, State.RUNNING, State.RETRYING, State.LAUNCHING, State.UNKNOWN)) {
            assertThat(ExitCodes.of(state)).isEqualTo(4);
        }
    }

    @Test
    void colourIsForTerminalsWithoutNoColor() {
        assertThat(console(home, Map.of(), true).colour()).isTrue();
        assertThat(console(home, Map.of("NO_COLOR", "1"), true).colour()).isFalse();
        assertThat(console(home, Map.of(), false).colour()).isFalse();
    }

    @Test
    void paceTellsRateAndRemainingTime() {
        Pace pace = new Pace();
        pace.sample(Instant.ofEpochSecond(0), 0, 0);
        assertThat(pace.rowsPerSecond()).isEmpty();
        assertThat(pace.remaining()).isEmpty();

        pace.sample(Instant.ofEpochSecond(10), 0.25, 5000);

        assertThat(pace.rowsPerSecond()).contains(500L);
        assertThat(pace.remaining()).contains(Duration.ofSeconds(30));
    }
}
