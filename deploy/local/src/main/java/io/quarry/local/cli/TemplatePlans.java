package io.quarry.local.cli;

import io.quarry.avro.OfflineQuery;
import io.quarry.avro.Schedule;
import io.quarry.engine.catalog.Catalog;
import io.quarry.engine.catalog.CatalogException;
import io.quarry.engine.plan.PlanException;
import io.quarry.engine.plan.PlanInputs;
import io.quarry.engine.plan.Planner;
import io.quarry.schemas.Violation;
import io.quarry.schemas.schedule.JobTemplate;
import io.quarry.schemas.schedule.Ticks;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Plans the query that the next tick of each schedule would run, against a catalog: what a worker would refuse is said at once. */
final class TemplatePlans {
    private TemplatePlans() {}

    /**
     * Plans them all and runs none.
     *
     * @param place file or directory of the schedules; input files may lie below it, or below the catalog's
     * @throws CommandFailure naming each schedule whose query cannot be planned, and why
     */
    static void check(Collection<Schedule> schedules, Path catalog, String place, Instant now) {
        List<Path> allowed = List.of(SubmittedFile.directory(catalog.toString()), SubmittedFile.directory(place));
        List<String> problems = new ArrayList<>();
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:")) {
            Catalog loaded = Catalog.load(catalog);
            for (Schedule schedule : schedules) {
                problem(schedule, loaded, PlanInputs.on(connection, allowed), now)
                        .ifPresent(problem -> problems.add("schedule " + schedule.getName() + ": " + problem));
            }
        } catch (CatalogException e) {
            e.problems().forEach(problem -> problems.add(problem.toString()));
        } catch (SQLException e) {
            throw CommandFailure.failed("the queries cannot be planned: " + e.getMessage(), e);
        }
        if (!problems.isEmpty()) {
            throw CommandFailure.badUsage(String.join("\nquarry: ", problems));
        }
    }

    private static Optional<String> problem(Schedule schedule, Catalog catalog, PlanInputs inputs, Instant now)
            throws SQLException {
        Ticks ticks = Ticks.of(schedule);
        Instant next = ticks.next(now);
        OfflineQuery query = JobTemplate.fill(schedule, ticks, next == null ? now : next, "x")
                .getOfflineQuery();
        if (query == null) {
            return Optional.empty();
        }
        try {
            Planner.plan(catalog, query, now, inputs);
            return Optional.empty();
        } catch (PlanException refused) {
            return Optional.of(
                    refused.violations().stream().map(Violation::toString).collect(Collectors.joining("; ")));
        }
    }
}
