package io.quarry.engine.plan;

import io.quarry.avro.OfflineQuery;
import io.quarry.engine.catalog.Catalog;
import io.quarry.schemas.Violation;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;

/** Turns an offline query into one SQL text. Deterministic: equal arguments give equal text. */
public final class Planner {
    private Planner() {}

    /**
     * Plans a query.
     *
     * @param startedAt what a query without input times is as of
     * @throws PlanException with everything that is wrong with the query
     */
    public static QueryPlan plan(Catalog catalog, OfflineQuery query, Instant startedAt, PlanInputs inputs)
            throws PlanException {
        if (query.getOutputs().isEmpty()) {
            return new QueryPlan(
                    "SELECT 1 AS one",
                    List.of(),
                    false,
                    List.of(),
                    List.of(),
                    OptionalLong.empty(),
                    "",
                    catalog.hash());
        }
        throw new PlanException(List.of(new Violation(
                "offline_query.outputs",
                query.getOutputs().toString(),
                "catalog " + catalog.hash() + " has no features as of " + startedAt + " for "
                        + inputs.inputDirectories())));
    }
}
