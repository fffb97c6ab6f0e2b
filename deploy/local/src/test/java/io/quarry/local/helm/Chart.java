package io.quarry.local.helm;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.TemplateCommand;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The chart of deploy/helm, as helm itself renders it. */
final class Chart {
    static final Path PLACE = Path.of("..", "helm", "quarry");

    /** The least that has to be said. */
    static final Map<String, String> LEAST =
            Map.of("kafka.bootstrapServers", "kafka:9092", "registry.url", "http://registry:8081");

    private Chart() {}

    static String render(Map<String, String> values) {
        TemplateCommand template = new Helm(PLACE).template().withName("quarry").withNamespace("jobs");
        values.forEach(template::set);
        return template.call();
    }

    /** Every object of a rendering. */
    static List<HasMetadata> objects(String yaml) {
        List<HasMetadata> all = new ArrayList<>();
        KubernetesSerialization serialization = new KubernetesSerialization();
        Arrays.stream(yaml.split("(?m)^---\\s*$"))
                .filter(part -> part.lines().anyMatch(line -> line.startsWith("kind:")))
                .forEach(part -> {
                    Object one =
                            serialization.unmarshal(new ByteArrayInputStream(part.getBytes(StandardCharsets.UTF_8)));
                    all.add((HasMetadata) one);
                });
        return all;
    }

    static <T extends HasMetadata> List<T> objects(String yaml, Class<T> type) {
        return objects(yaml).stream().filter(type::isInstance).map(type::cast).toList();
    }
}
