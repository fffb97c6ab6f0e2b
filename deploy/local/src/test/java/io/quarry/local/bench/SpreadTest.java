package io.quarry.local.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SpreadTest {
    @Test
    void theMiddleOfAnOddNumberOfRoundsIsARound() {
        assertThat(Spread.of(List.of(3.0, 1.0, 9.0))).isEqualTo(new Spread(1, 3, 9));
    }

    @Test
    void theMiddleOfAnEvenNumberOfRoundsLiesBetweenTwo() {
        assertThat(Spread.of(List.of(4.0, 1.0, 2.0, 9.0))).isEqualTo(new Spread(1, 3, 9));
    }

    @Test
    void oneInAHundredIsAboveTheNinetyNinthOfAHundred() {
        List<Double> hundred =
                IntStream.rangeClosed(1, 100).mapToObj(i -> (double) (101 - i)).toList();

        assertThat(Spread.quantile(hundred, 0.99)).isEqualTo(99);
        assertThat(Spread.quantile(hundred, 0.5)).isEqualTo(50);
        assertThat(Spread.quantile(List.of(7.0), 0.99)).isEqualTo(7);
    }
}
