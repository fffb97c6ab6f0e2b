package io.quarry.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.State;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StatesTest {
    @ParameterizedTest
    @EnumSource(State.class)
    void thoseAreFinalOfWhichTheSchemaSaysSo(State state) {
        List<String> documented = State.getClassSchema()
                .getDoc()
                .lines()
                .map(String::strip)
                .filter(line -> line.startsWith(state + ": "))
                .toList();

        assertThat(documented).hasSize(state == State.UNKNOWN ? 0 : 1);
        assertThat(States.isFinal(state)).isEqualTo(documented.stream().anyMatch(line -> line.endsWith(" Final.")));
    }
}
