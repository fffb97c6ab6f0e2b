package io.quarry.local.chaos;

import io.quarry.avro.IntegerRange;
import io.quarry.avro.Job;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.QueryInput;
import java.util.List;
import java.util.Random;

/**
 * One job of a chaos run: a query over a range of numbers whose answer is known from the range alone. Most are small; some
 * compute for longer than a lease lasts.
 *
 * @param start first number
 * @param rows how many numbers
 * @param heavy whether it asks for the feature that takes long
 */
record Question(String id, long start, long rows, boolean heavy) {
    /** Numbers below this one have a name. */
    static final int NAMED = 1_000;

    private static final int TERMS = 300;
    private static final int MODULUS = 7;

    static final String CATALOG = """
            version: 1
            sources:
              names: {files: names.csv}
            entities:
              number: {keys: {n: BIGINT}}
            features:
              number.name: {source: names, column: name}
              number.square: {sql: "n * n + 7"}
              number.work: {sql: "list_sum(list_transform(range(%d), lambda x: (x + n) %% %d))"}
            """.formatted(TERMS, MODULUS);

    /** What the answer adds up to. */
    record Sums(long rows, long numbers, long squares, long names, long work) {}

    /** The job of a number, the same for the same seed. */
    static Question of(long seed, int number) {
        Random random = new Random(seed * 1_000_003 + number);
        int kind = random.nextInt(20);
        long rows = kind < 17 ? 50 + random.nextInt(2_000) : kind < 19 ? 20_000 : 150_000;
        return new Question("chaos-" + seed + "-" + number, random.nextInt(2 * NAMED), rows, kind >= 17);
    }

    Job job() {
        return Job.newBuilder()
                .setId(id)
                .setResourceGroup("default")
                .setMaxAttempts(50)
                .setOfflineQuery(OfflineQuery.newBuilder()
                        .setInput(QueryInput.newBuilder()
                                .setRange(IntegerRange.newBuilder()
                                        .setColumn("n")
                                        .setStart(start)
                                        .setEnd(start + rows)
                                        .build())
                                .build())
                        .setOutputs(
                                heavy
                                        ? List.of("number.square", "number.name", "number.work")
                                        : List.of("number.square", "number.name"))
                        .build())
                .build();
    }

    Sums expected() {
        long[] work = new long[MODULUS];
        for (int rest = 0; rest < MODULUS; rest++) {
            for (int term = 0; term < TERMS; term++) {
                work[rest] += (term + rest) % MODULUS;
            }
        }
        long numbers = 0;
        long squares = 0;
        long sum = 0;
        for (long n = start; n < start + rows; n++) {
            numbers += n;
            squares += n * n + 7;
            sum += work[(int) (n % MODULUS)];
        }
        long names = Math.max(0, Math.min(start + rows, NAMED) - start);
        return new Sums(rows, numbers, squares, names, heavy ? sum : 0);
    }
}
