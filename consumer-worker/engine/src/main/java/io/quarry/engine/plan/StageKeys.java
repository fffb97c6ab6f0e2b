package io.quarry.engine.plan;

import io.quarry.engine.catalog.Sql;
import io.quarry.engine.catalog.TypeFamily;
import io.quarry.engine.plan.Node.Thing;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The distinct keys of the things that one stage's rows name, and numbers for them. Rows are sorted and grouped by a thing's
 * keys several times; doing that by one small number costs so much less than by texts or by several columns that it pays for
 * finding the number of each row.
 */
final class StageKeys {
    private final Map<String, String> types;
    private final Consumer<String> ctes;
    private final Map<Thing, String> known = new HashMap<>();
    private final Map<Thing, String> pairs = new HashMap<>();
    private final Map<Thing, String> numbers = new LinkedHashMap<>();
    private int relations;

    /**
     * Starts without a stage.
     *
     * @param types types of the stage's columns
     * @param ctes takes common table expressions, in order
     */
    StageKeys(Map<String, String> types, Consumer<String> ctes) {
        this.types = types;
        this.ctes = ctes;
    }

    /** Forgets a stage. */
    void clear() {
        known.clear();
        pairs.clear();
        numbers.clear();
    }

    /**
     * Numbers the keys of those things for which it is worth it.
     *
     * @param reread whether the rows with numbers are read more than once
     * @return name of the stage with the numbers
     */
    String number(String stage, List<Thing> things, boolean reread) {
        List<String> columns = new ArrayList<>();
        List<String> joins = new ArrayList<>();
        for (Thing thing : things) {
            if (!plainNumber(thing)) {
                String name = add(thing);
                String alias = "i" + (columns.size() + 1);
                numbers.put(thing, "@" + name);
                distinct(name, stage, thing, "", true);
                columns.add(alias + ".id AS " + Sql.name("@" + name));
                joins.add("\n    LEFT JOIN " + name + " AS " + alias + " ON " + same("r", thing, alias));
            }
        }
        if (columns.isEmpty()) {
            return stage;
        }
        String numbered = stage + "_numbered";
        ctes.accept(numbered + " AS " + (reread ? "" : "NOT ") + "MATERIALIZED (\n  SELECT r.*, "
                + String.join(", ", columns) + "\n    FROM " + stage + " AS r" + String.join("", joins) + ")");
        return numbered;
    }

    boolean numbered(Thing thing) {
        return numbers.containsKey(thing);
    }

    /** What leaves the numbers out of all columns of the stage. */
    String excluded() {
        return numbers.isEmpty() ? "" : " EXCLUDE (" + Sql.names(List.copyOf(numbers.values())) + ")";
    }

    /** Name of the relation with the distinct keys of a thing: k1, k2, ... and id where they are numbered. */
    String known(String stage, Thing thing) {
        String name = known.get(thing);
        if (name == null) {
            name = add(thing);
            distinct(name, stage, thing, "", false);
        }
        return name;
    }

    /** Name of the relation with the distinct pairs of a thing's keys and an instant t. */
    String pairs(String stage, Thing thing) {
        String name = pairs.get(thing);
        if (name == null) {
            name = known(stage, thing).replace("_keys_", "_pairs_");
            pairs.put(thing, name);
            String instant = ", r." + Sql.name(InputStage.TIME) + " AS t";
            String number = numbers.get(thing);
            if (number == null) {
                distinct(name, stage, thing, instant, false);
            } else {
                String id = "r." + Sql.name(number);
                ctes.accept(name + " AS MATERIALIZED (\n  SELECT DISTINCT " + id + " AS id" + instant + "\n    FROM "
                        + stage + " AS r\n    WHERE " + id + " IS NOT NULL)");
            }
        }
        return name;
    }

    /** Condition under which a row r of the stage and a row of a block are of the same thing. */
    String matching(Thing thing, String block, boolean byNumber) {
        String number = numbers.get(thing);
        return byNumber && number != null ? "r." + Sql.name(number) + " = " + block + ".id" : same("r", thing, block);
    }

    private boolean plainNumber(Thing thing) {
        return thing.keys().size() == 1
                && switch (TypeFamily.of(type(thing.keys().get(0)))) {
                    case BOOLEAN, INTEGER, DATE, TIMESTAMP -> true;
                    default -> false;
                };
    }

    private String add(Thing thing) {
        String name = "quarry_keys_" + ++relations;
        known.put(thing, name);
        return name;
    }

    private void distinct(String name, String stage, Thing thing, String more, boolean number) {
        List<String> keys = new ArrayList<>();
        List<String> conditions = new ArrayList<>();
        for (String key : thing.keys()) {
            String value = key("r", key);
            keys.add(value + " AS k" + (keys.size() + 1));
            conditions.add(value + " IS NOT NULL");
        }
        String select = "SELECT DISTINCT " + String.join(", ", keys) + more + "\n    FROM " + stage
                + " AS r\n    WHERE " + String.join(" AND ", conditions);
        ctes.accept(name + " AS MATERIALIZED (\n  "
                + (number ? "SELECT CAST(row_number() OVER () AS UINTEGER) AS id, * FROM (\n  " + select + ")" : select)
                + ")");
    }

    private String same(String stageAlias, Thing thing, String alias) {
        List<String> conditions = new ArrayList<>();
        for (String key : thing.keys()) {
            conditions.add(key(stageAlias, key) + " = " + alias + ".k" + (conditions.size() + 1));
        }
        return String.join(" AND ", conditions);
    }

    private String key(String alias, String column) {
        return Asked.key(alias + "." + Sql.name(column), type(column));
    }

    private String type(String column) {
        return types.getOrDefault(column, "VARCHAR");
    }
}
