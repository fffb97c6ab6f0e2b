package io.quarry.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarry.avro.Quarry;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ContractTest {
    @Test
    void everyRecordFieldAndEnumIsDocumented() {
        List<String> bare = new ArrayList<>();
        for (Schema type : Quarry.PROTOCOL.getTypes()) {
            if (isBlank(type.getDoc())) {
                bare.add(type.getName());
            }
            if (type.getType() == Schema.Type.RECORD) {
                type.getFields().stream()
                        .filter(field -> isBlank(field.doc()))
                        .forEach(field -> bare.add(type.getName() + "." + field.name()));
            }
        }
        assertThat(Quarry.PROTOCOL.getTypes()).hasSizeGreaterThan(20);
        assertThat(bare).isEmpty();
    }

    @Test
    void everyEnumHasADefaultSoThatItMayGrow() {
        assertThat(Quarry.PROTOCOL.getTypes())
                .filteredOn(type -> type.getType() == Schema.Type.ENUM)
                .allSatisfy(type -> assertThat(type.getEnumDefault()).isEqualTo("UNKNOWN"));
    }

    private static boolean isBlank(@Nullable String doc) {
        return doc == null || doc.isBlank();
    }
}
