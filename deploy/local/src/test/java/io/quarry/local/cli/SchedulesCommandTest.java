package io.quarry.local.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarry.avro.CatchUpPolicy;
import io.quarry.avro.OverlapPolicy;
import io.quarry.avro.ResourceGroup;
import io.quarry.avro.Resources;
import io.quarry.avro.Schedule;
import io.quarry.engine.catalog.Problem;
import io.quarry.schemas.schedule.JobTemplate;
import io.quarry.schemas.schedule.Ticks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the command does about schedules without a broker. */
class SchedulesCommandTest {
    private static final String GOOD = """
        name: daily
        cron: 30 2 * * *
        zone: Europe/Berlin
        start: 2026-01-01T00:00:00Z
        overlap: queue-one
        catch_up: 3
        catch_up_window: 2d
        jitter: 90s
        max_failures: 4
        owner: me
        tags: {team: growth}
        job:
          group: default
          timeout: 2h
          offline_query:
            input:
              sql: SELECT * FROM flights WHERE date < '{{ tick.date }}'
            lower_bound: "{{interval.start}}"
            upper_bound: "{{ interval.end - 1h }}"
            input_times: ["{{tick.time}}"]
            outputs: [airport.city]
        """;

    @TempDir
    private Path home;

    private CommandRun run(String... arguments) {
        return CommandRun.of(home, Map.of(), "", arguments);
    }

    @Test
    void theNextFiringsAreSaidInBothTimesWithWhatTheClockDoes() throws IOException {
        CommandRun result = run(
                "schedules",
                "next",
                "--cron",
                "30 2 * * *",
                "--zone",
                "America/New_York",
                "--from",
                "2026-03-07T07:30:00Z",
                "--count",
                "2",
                "-o",
                "json");
        assertThat(result.code()).isZero();
        JsonNode firings = new ObjectMapper().readTree(result.out());
        assertThat(firings).hasSize(2);
        assertThat(firings.get(0).get("utc").asText()).isEqualTo("2026-03-08T07:00:00Z");
        assertThat(firings.get(0).get("local").asText()).isEqualTo("2026-03-08T03:00:00-04:00");
        assertThat(firings.get(0).get("note").asText()).contains("02:30:00 does not exist");
        assertThat(firings.get(1).get("utc").asText()).isEqualTo("2026-03-09T06:30:00Z");
        assertThat(firings.get(1).get("note").asText()).isEmpty();
    }

    @Test
    void whatIsToFireHasToBeSaidOnce() {
        assertThat(run("schedules", "next").err()).contains("--cron or the NAME of a schedule is needed");
        assertThat(run("schedules", "next", "daily", "--zone", "UTC").err()).contains("leave --zone out");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0 0 30 2 * | UTC | never fires",
                "61 * * * * | UTC | 61 is no minute",
                "0 0 * * * | Europe/Berln | is no time zone",
            })
    void whatCannotFireIsRefused(String cron, String zone, String said) {
        CommandRun result = run("schedules", "next", "--cron", cron, "--zone", zone);
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).contains(said);
    }

    @Test
    void theFormForPeopleIsReadAndWrittenBackAsTheSame() throws Exception {
        Schedule schedule = ScheduleFile.parse(GOOD, "daily.yaml");
        assertThat(schedule.getOverlap()).isEqualTo(OverlapPolicy.QUEUE_ONE);
        assertThat(schedule.getCatchUp()).isEqualTo(CatchUpPolicy.LATEST);
        assertThat(schedule.getCatchUpMax()).isEqualTo(3);
        assertThat(schedule.getJitterMs()).isEqualTo(90_000);
        assertThat(schedule.getMoments())
                .isEqualTo(Map.of(
                        "offline_query.lower_bound", "{{interval.start}}",
                        "offline_query.upper_bound", "{{ interval.end - 1h }}",
                        "offline_query.input_times[0]", "{{tick.time}}"));
        assertThat(ScheduleFile.parse(Output.yaml(ScheduleFile.tree(schedule)), "daily.yaml"))
                .isEqualTo(schedule);
        Instant tick = Instant.parse("2026-05-02T00:30:00Z");
        var query = JobTemplate.fill(schedule, Ticks.of(schedule), tick, "x").getOfflineQuery();
        assertThat(query.getLowerBound()).isEqualTo(Instant.parse("2026-05-01T00:30:00Z"));
        assertThat(query.getUpperBound()).isEqualTo(Instant.parse("2026-05-01T23:30:00Z"));
        assertThat(query.getInputTimes()).containsExactly(tick);
        assertThat(query.getInput().getSql()).endsWith("date < '2026-05-02'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "cron: 30 2 * * *        | cron: 0 0 30 2 *       | daily.yaml:2:7: cron is 0 0 30 2 *: cron '0 0 30 2"
                        + " *', character 5: it never fires",
                "zone: Europe/Berlin     | zone: Mars             | daily.yaml:3:7: zone is Mars",
                "overlap: queue-one      | overlap: queue         | overlap is 'queue': must be skip",
                "catch_up: 3             | catch_up: some         | catch_up is 'some'",
                "max_failures: 4         | max_failure: 4         | unknown key max_failure: did you mean"
                        + " max_failures?",
                "{{interval.start}}      | {{interval.begin}}     | daily.yaml:18:19: job.offline_query.lower_bound is {{interval.begin}}:"
                        + " must be an instant: allowed are tick.time",
                "{{tick.time}}           | {{tick.date}}          | {{tick.date}}: must be an instant: allowed are tick.time",
                "\"{{tick.time}}\"         | {{tick.time}}          | neither YAML nor JSON: a placeholder has to stand in"
                        + " quotes",
                "{{ tick.date }}         | {{ tick.day }}         | daily.yaml:17:48: job.offline_query.input.sql is {{ tick.day }}: there is no"
                        + " such placeholder (character 37)",
                "{{ tick.date }}         | {{ tick.date           | daily.yaml:17:48: job.offline_query.input.sql is {{ tick.date': must be"
                        + " closed by }} (character 37)",
                "group: default          | id: x                  | job.id is x: must be left out",
                "timeout: 2h             | timeot: 2h             | did you mean timeout",
                "cron: 30 2 * * *        | every: 10ms            | every is 10ms: must be at least 1s",
                "jitter: 90s             | jitter: 2d             | jitter is 48h: must be from 0ms to 24h, a day",
                "cron: 30 2 * * *        | every: 36526d          | every is 876624h: must be at most 876600h, a hundred"
                        + " years",
                "cron: 30 2 * * *        | times: [\"+292278994-08-17T07:12:55Z\"] | daily.yaml:2:9: times[0] is"
                        + " +292278994-08-17T07:12:55Z: must be from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z",
                "start: 2026-01-01T00:00:00Z | start: -0001-01-01T00:00:00Z | start is -0001-01-01T00:00:00Z: must be"
                        + " from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z",
                "owner: me               | end: +10000-01-01T00:00:00Z | end is +10000-01-01T00:00:00Z: must be from",
                "catch_up: 3             | catch_up: 0            | catch_up is 0: must be from 1 to 1000",
                "timeout: 2h             | timeout: 0s            | job.timeout is 0ms: must be at least 1ms",
                "owner: me               | every: 1h              | exactly one of cron, every and times",
                "cron: 30 2 * * *        | # nothing              | daily.yaml:1:1: when it is due is missing: exactly one"
                        + " of cron, every and times has to be set",
                "cron: 30 2 * * *        | times: []              | cron is absent, as are every and times: exactly one of"
                        + " cron, every and times must say when",
                "owner: me               | every: 1h              | daily.yaml:10:8: every is 1h: exactly one of cron,"
                        + " every and times must say when, and cron does already",
                "\"{{tick.time}}\"         | {{tick.time}}          | daily.yaml:20:19: neither YAML nor JSON: a"
                        + " placeholder",
                "\"{{interval.start}}\"    | {{interval.start}}     | daily.yaml:18:18: neither YAML nor JSON: a"
                        + " placeholder",
                "owner: me               | owner: {{tick.time}} x | daily.yaml:10:8: neither YAML nor JSON: a placeholder",
                "outputs: [airport.city] | outputs: []            | outputs",
            })
    void whatIsWrongIsSaidAtItsLine(String before, String after, String said) {
        JobFileException refused = catchThrowableOfType(
                JobFileException.class, () -> ScheduleFile.parse(GOOD.replace(before, after), "daily.yaml"));
        assertThat(refused).as(after).isNotNull();
        assertThat(refused).hasMessageContaining(said);
    }

    @Test
    void aMissingGroupIsRefusedAtItsLineAndOneThatIsTooSmallToo() throws JobFileException {
        ScheduleFile named = ScheduleFile.read(GOOD, "daily.yaml");
        ScheduleFile byDefault = ScheduleFile.read(GOOD.replace("  group: default\n", ""), "nightly.yaml");
        ScheduleFile large = ScheduleFile.read(
                GOOD.replace("  group: default\n", "  group: night\n  resources: {cpu: 900, memory: 1Gi}\n"),
                "large.yaml");
        ResourceGroup other = ResourceGroup.newBuilder()
                .setName("night")
                .setWorker(new Resources(1000L, 1L << 30, 1L << 30))
                .build();
        ScheduleFile spelt =
                ScheduleFile.read(GOOD.replace("  group: default", "  resource_group: default"), "spelt.yaml");
        List<ScheduleFile> files = List.of(named, byDefault, large, spelt);
        SchedulesApplyCommand.refuse(files, Map.of("night", other));
        assertThat(files.stream().flatMap(file -> file.problems().stream()).map(Problem::toString))
                .satisfiesExactly(
                        said -> assertThat(said)
                                .isEqualTo("daily.yaml:13:10: job.group is default: there is no resource group default;"
                                        + " there are night"),
                        said -> assertThat(said).startsWith("nightly.yaml:13:3: job.resource_group is default: there"),
                        said -> assertThat(said)
                                .startsWith("large.yaml:14:14: job.resources is ")
                                .contains("is more than 1"),
                        said -> assertThat(said).startsWith("spelt.yaml:13:19: job.resource_group is default: there"));
    }

    @Test
    void everythingThatIsWrongWithAFileIsSaidInOneRun() throws JobFileException {
        String bad = GOOD.replace("overlap: queue-one", "overlp: queue-one")
                .replace("cron: 30 2 * * *", "cron: 30 25 * * *")
                .replace("jitter: 90s", "jitter: soon")
                .replace("max_failures: 4", "max_failures: -4")
                .replace("timeout: 2h", "timeout: 0s\n  max_attempts: many\n  nme: x")
                .replace("{{ tick.date }}", "{{tick.tme}}")
                .replace("{{interval.start}}", "{{interval.begin}}")
                .replace("outputs: [airport.city]", "outputs: [airport.city, city]");
        assertThat(ScheduleFile.look(bad, "bad.yaml").problems().stream().map(Problem::toString))
                .satisfiesExactly(
                        said -> assertThat(said).startsWith("bad.yaml:2:7: cron is 30 25 * * *: "),
                        said -> assertThat(said).isEqualTo("bad.yaml:5:1: unknown key overlp: did you mean overlap?"),
                        said -> assertThat(said).startsWith("bad.yaml:8:9: jitter is 'soon'"),
                        said -> assertThat(said).isEqualTo("bad.yaml:9:15: max_failures is -4: must be at least 0"),
                        said -> assertThat(said).isEqualTo("bad.yaml:14:12: job.timeout is 0ms: must be at least 1ms"),
                        said -> assertThat(said).startsWith("bad.yaml:15:17: job.max_attempts is many: "),
                        said -> assertThat(said)
                                .startsWith("bad.yaml:16:3: unknown key nme in job: did you mean name?"),
                        said -> assertThat(said)
                                .startsWith("bad.yaml:19:48: job.offline_query.input.sql is {{tick.tme}}"),
                        said -> assertThat(said)
                                .startsWith("bad.yaml:20:19: job.offline_query.lower_bound is {{interval.begin}}"),
                        said -> assertThat(said)
                                .startsWith(
                                        "bad.yaml:23:29: job.offline_query.outputs[1] is city: must have the form"));
    }

    @Test
    void whatFollowsFromWhatIsSaidIsNotSaidAgain() throws JobFileException {
        assertThat(problems("nme: daily\ncrn: 0 2 * * *\njb: {}\n"))
                .containsExactly(
                        "a.yaml:1:1: unknown key nme: did you mean name?",
                        "a.yaml:2:1: unknown key crn: did you mean cron?",
                        "a.yaml:3:1: unknown key jb: did you mean job?");
        assertThat(problems("name: daily\nevery: soon\njob:\n  offline_query:\n    inputs: {}\n    output: [a.b]\n"))
                .hasSize(3)
                .satisfiesExactly(
                        said -> assertThat(said).startsWith("a.yaml:2:8: every is 'soon'"),
                        said -> assertThat(said).startsWith("a.yaml:5:5: unknown key inputs"),
                        said -> assertThat(said).startsWith("a.yaml:6:5: unknown key output"));
    }

    private static List<String> problems(String text) throws JobFileException {
        return ScheduleFile.look(text, "a.yaml").problems().stream()
                .map(Problem::toString)
                .toList();
    }

    @Test
    void aFeatureThatTheCatalogDoesNotHaveIsNamedAtItsPlace() throws IOException {
        Path demo = Path.of("..", "demo", "catalog.yaml");
        Path file = home.resolve("bad.yaml");
        Files.writeString(file, """
                name: daily
                every: 1h
                max_failure: 1
                job:
                  offline_query:
                    input:
                      columns: {airport.iata: [BOS]}
                    outputs:
                      - airport.city
                      - airport.town
                """);
        CommandRun unchecked = run("schedules", "check", file.toString());
        assertThat(unchecked.code()).isEqualTo(2);
        assertThat(unchecked.err())
                .contains("features were not checked: no catalog given, use --catalog FILE")
                .contains("bad.yaml:3:1: unknown key max_failure");
        CommandRun checked = run("schedules", "check", file.toString(), "--catalog", demo.toString());
        assertThat(checked.code()).isEqualTo(2);
        assertThat(checked.err())
                .doesNotContain("not checked")
                .contains("bad.yaml:3:1: unknown key max_failure")
                .contains(
                        "bad.yaml:10:9: job.offline_query.outputs[1] is airport.town: must be a feature of the catalog");
    }

    @Test
    void theExamplesAreChecked() throws IOException {
        Path examples = Path.of("..", "examples", "schedules");
        CommandRun result = run("schedules", "check", examples.toString());
        assertThat(result.err().strip()).isEqualTo(TemplatePlans.UNCHECKED);
        assertThat(result.code()).isZero();
        assertThat(result.out()).contains("daily-delays").contains("quarter-hourly");
        Files.writeString(home.resolve("bad.yaml"), "name: 1\ncron: x\n");
        CommandRun bad = run("schedules", "check", home.toString());
        assertThat(bad.code()).isEqualTo(2);
        assertThat(bad.err()).contains("bad.yaml:1:1").contains("job is missing");
    }
}
