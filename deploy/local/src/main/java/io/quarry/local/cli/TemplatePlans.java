package io.quarry.local.cli;

import io.quarry.avro.Job;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.Schedule;
import io.quarry.engine.catalog.Catalog;
import io.quarry.engine.catalog.CatalogException;
import io.quarry.engine.catalog.Problem;
import io.quarry.engine.plan.PlanException;
import io.quarry.engine.plan.PlanInputs;
import io.quarry.engine.plan.Planner;
import io.quarry.engine.plan.QueryPlan;
import io.quarry.schemas.Violation;
import io.quarry.schemas.schedule.JobTemplate;
import io.quarry.schemas.schedule.Ticks;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/** Plans the query that the next tick of each schedule would run, against a catalog: what a worker would refuse is said at once. */
final class TemplatePlans {
    private TemplatePlans() {}

    /** Said by commands that look at schedules without a catalog. */
    static final String UNCHECKED = "features were not checked: no catalog given, use --catalog FILE";

    /**
     * Plans them all, but those whose job is wrong already, and runs none. What is wrong with a query is added to its file.
     *
     * @param place file or directory of the schedules; input files may lie below it, or below the catalog's
     * @throws CommandFailure when the catalog itself is wrong
     */
    static void check(Collection<ScheduleFile> files, Path catalog, String place, Instant now) {
        List<Path> allowed = List.of(SubmittedFile.directory(catalog.toString()), SubmittedFile.directory(place));
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:")) {
            Catalog loaded = Catalog.load(catalog);
            for (ScheduleFile file : files) {
                if (file.jobGood()) {
                    broken(file.schedule(), loaded, PlanInputs.on(connection, allowed), now)
                            .forEach(file::add);
                }
            }
        } catch (CatalogException e) {
            throw CommandFailure.badUsage(
                    e.problems().stream().map(Problem::toString).collect(Collectors.joining("\nquarry: ")));
        } catch (SQLException e) {
            throw CommandFailure.failed("the queries cannot be planned: " + e.getMessage(), e);
        }
    }

    private static List<Violation> broken(Schedule schedule, Catalog catalog, PlanInputs inputs, Instant now)
            throws SQLException {
        OfflineQuery query = next(schedule, now).getOfflineQuery();
        if (query == null) {
            return List.of();
        }
        try {
            QueryPlan unused = Planner.plan(catalog, query, now, inputs);
            return List.of();
        } catch (PlanException refused) {
            return refused.violations();
        }
    }

    /** The job of the next tick; of a schedule that cannot be followed, of one that is due once a year. */
    private static Job next(Schedule schedule, Instant now) {
        Ticks ticks;
        try {
            ticks = Ticks.of(schedule);
        } catch (IllegalArgumentException notFollowed) {
            ticks = Ticks.of(Schedule.newBuilder(schedule)
                    .setCron(null)
                    .setTimes(List.of())
                    .setZone("UTC")
                    .setEveryMs(Duration.ofDays(365).toMillis())
                    .build());
        }
        Instant next = ticks.next(now);
        return JobTemplate.fill(schedule, ticks, next == null ? now : next, "x");
    }
}
