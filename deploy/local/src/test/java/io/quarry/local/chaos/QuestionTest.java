package io.quarry.local.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.schemas.JobRules;
import org.junit.jupiter.api.Test;

final class QuestionTest {
    @Test
    void theSameNumberOfASeedIsTheSameJob() {
        assertThat(Question.of(4, 9)).isEqualTo(Question.of(4, 9));
        assertThat(Question.of(4, 9).id()).isNotEqualTo(Question.of(5, 9).id());
    }

    @Test
    void itsAnswerAddsUp() {
        assertThat(new Question("a", 998, 4, true).expected())
                .isEqualTo(
                        new Question.Sums(4, 998 + 999 + 1000 + 1001, 4 * 7 + squares(998, 1001), 2, work(998, 1001)));
        assertThat(new Question("a", 5, 2, false).expected()).isEqualTo(new Question.Sums(2, 11, 75, 2, 0));
    }

    @Test
    void itsJobKeepsTheRules() {
        for (int i = 0; i < 50; i++) {
            assertThat(JobRules.check(Question.of(1, i).job())).isEmpty();
        }
    }

    private static long squares(int from, int to) {
        return from == to ? (long) from * from : (long) from * from + squares(from + 1, to);
    }

    private static long work(int from, int to) {
        long sum = 0;
        for (int n = from; n <= to; n++) {
            for (int x = 0; x < 300; x++) {
                sum += (x + n) % 7;
            }
        }
        return sum;
    }
}
