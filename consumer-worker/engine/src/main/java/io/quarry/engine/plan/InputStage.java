package io.quarry.engine.plan;

import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/**
 * The first stage of a plan: the input's rows with their instant.
 *
 * @param ctes common table expressions that the select needs, each {@code name AS (...)}
 * @param select yields the columns' stage names, {@code @time} and the order's columns
 * @param columns the input's columns in order
 * @param order columns that define the order of the rows; empty where there is none
 * @param tables tables to be filled beforehand
 * @param reads files read
 * @param rows rows, where the query itself says so
 */
record InputStage(
        List<String> ctes,
        String select,
        List<InputColumn> columns,
        List<String> order,
        List<InputTable> tables,
        List<Path> reads,
        OptionalLong rows) {
    static final String TIME = "@time";
}
