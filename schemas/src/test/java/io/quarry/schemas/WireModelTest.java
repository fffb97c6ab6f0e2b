package io.quarry.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Job;
import io.quarry.avro.OfflineQuery;
import io.quarry.avro.QueryInput;
import java.util.List;
import org.apache.avro.util.ClassSecurityValidator;
import org.junit.jupiter.api.Test;

class WireModelTest {
    @Test
    void aRecordIsCopiedWithoutAnySystemProperty() {
        Job job = Job.newBuilder()
                .setId("j")
                .setOfflineQuery(OfflineQuery.newBuilder()
                        .setInput(QueryInput.newBuilder().setSql("select 1").build())
                        .setOutputs(List.of("a.b"))
                        .build())
                .build();
        assertThat(Job.newBuilder(job).build()).isEqualTo(job);
    }

    @Test
    void onlyOurOwnPackageIsTrustedInAddition() {
        assertThat(WireModel.create()).isNotNull();
        assertThat(ClassSecurityValidator.getGlobal().isTrusted(Job.class)).isTrue();
        assertThat(ClassSecurityValidator.getGlobal().isTrusted(WireModel.class))
                .isFalse();
        assertThat(ClassSecurityValidator.getGlobal().isTrusted(ProcessBuilder.class))
                .isFalse();
    }
}
