package io.quarry.schemas;

import io.quarry.avro.ResourceGroup;
import io.quarry.avro.SpillVolume;
import io.quarry.avro.Toleration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Rules of those of a group's fields that end up in its pods: what Kubernetes would refuse is refused here. Pure. */
final class PodRules {
    private static final int MOST = 64;
    private static final Pattern SUBDOMAIN =
            Pattern.compile("(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*");
    private static final Pattern LABEL_NAME = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?");
    private static final Pattern LABEL_VALUE = Pattern.compile("([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?");
    private static final Pattern VARIABLE = Pattern.compile("(?!QUARRY_)[A-Za-z_][A-Za-z0-9_]{0,199}");
    private static final Pattern IMAGE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._/:@-]{0,499}");
    private static final Set<String> VOLUMES = Set.of("empty-dir", "ephemeral", "local-path");
    private static final List<String> PULLS = List.of("Always", "IfNotPresent", "Never");
    private static final List<String> EFFECTS = List.of("NoSchedule", "PreferNoSchedule", "NoExecute");
    private static final String SUBDOMAIN_RULE =
            "must be a name as Kubernetes has them: at most 253 characters of a-z 0-9"
                    + " - and ., each part beginning and ending with a letter or digit";
    private static final String KEY_RULE =
            "must be a label's key: at most 63 characters of A-Z a-z 0-9 - _ and ., beginning"
                    + " and ending with a letter or digit, with a domain and / before it or not";
    private static final String VALUE_RULE =
            "must be a label's value: at most 63 characters of A-Z a-z 0-9 - _ and ., beginning"
                    + " and ending with a letter or digit, or empty";

    private PodRules() {}

    static void check(Findings found, ResourceGroup group) {
        labels(found, "labels", group.getLabels());
        labels(found, "node_selector", group.getNodeSelector());
        subdomain(found, "service_account", group.getServiceAccount());
        subdomain(found, "priority_class", group.getPriorityClass());
        String image = group.getImage();
        found.require(
                image == null || IMAGE.matcher(image).matches(),
                "image",
                image,
                "must be the name of a container image, such as registry.example.com/quarry:1.2");
        String pull = group.getImagePullPolicy();
        found.require(
                pull == null || PULLS.contains(pull),
                "image_pull_policy",
                pull,
                "must be one of " + String.join(", ", PULLS));
        environment(found, group.getEnvironment());
        few(found, "tolerations", group.getTolerations().size());
        for (int i = 0; i < group.getTolerations().size(); i++) {
            toleration(found, "tolerations[" + i + "]", group.getTolerations().get(i));
        }
        if (group.getSpillVolume() != null) {
            volume(found, group.getSpillVolume());
        }
    }

    private static void labels(Findings found, String field, Map<String, String> labels) {
        few(found, field, labels.size());
        labels.forEach((key, value) -> {
            found.require(validKey(key), field + " (a key)", key, KEY_RULE);
            found.require(LABEL_VALUE.matcher(value).matches(), field + "." + key, value, VALUE_RULE);
        });
    }

    private static boolean validKey(String key) {
        int slash = key.indexOf('/');
        boolean domain = slash < 0 || SUBDOMAIN.matcher(key.substring(0, slash)).matches();
        return domain && LABEL_NAME.matcher(key.substring(slash + 1)).matches();
    }

    private static void subdomain(Findings found, String field, @Nullable String name) {
        found.require(name == null || SUBDOMAIN.matcher(name).matches(), field, name, SUBDOMAIN_RULE);
    }

    private static void environment(Findings found, Map<String, String> variables) {
        few(found, "environment", variables.size());
        variables.forEach((name, value) -> {
            found.require(
                    VARIABLE.matcher(name).matches(),
                    "environment (a name)",
                    name,
                    "must have letters, digits and _ alone, not begin with a digit, and not with QUARRY_");
            found.require(
                    value.length() <= 8192 && value.indexOf('\0') < 0,
                    "environment." + name,
                    value,
                    "must have at most 8192 characters and none of code 0");
        });
    }

    private static void toleration(Findings found, String field, Toleration toleration) {
        String operator = toleration.getOperator();
        String key = toleration.getKey();
        found.require(
                operator.equals("Equal") || operator.equals("Exists"),
                field + ".operator",
                operator,
                "must be Equal or Exists");
        found.require(
                key != null || operator.equals("Exists"), field + ".key", key, "must be set unless operator is Exists");
        found.require(key == null || validKey(key), field + ".key", key, KEY_RULE);
        found.require(
                toleration.getValue() == null || operator.equals("Equal"),
                field + ".value",
                toleration.getValue(),
                "must be absent when operator is Exists");
        found.require(
                toleration.getValue() == null
                        || LABEL_VALUE.matcher(toleration.getValue()).matches(),
                field + ".value",
                toleration.getValue(),
                VALUE_RULE);
        found.require(
                toleration.getEffect() == null || EFFECTS.contains(toleration.getEffect()),
                field + ".effect",
                toleration.getEffect(),
                "must be one of " + String.join(", ", EFFECTS) + ", or absent for all");
        found.require(
                toleration.getSeconds() == null || "NoExecute".equals(toleration.getEffect()),
                field + ".seconds",
                toleration.getSeconds(),
                "must be absent unless effect is NoExecute");
    }

    private static void volume(Findings found, SpillVolume volume) {
        String type = volume.getType();
        found.require(
                VOLUMES.contains(type), "spill_volume.type", type, "must be one of empty-dir, ephemeral, local-path");
        boolean ephemeral = type.equals("ephemeral");
        found.require(
                volume.getStorageClass() == null || ephemeral,
                "spill_volume.storage_class",
                volume.getStorageClass(),
                "must be absent unless type is ephemeral");
        subdomain(found, "spill_volume.storage_class", volume.getStorageClass());
        String path = volume.getPath();
        boolean local = type.equals("local-path");
        found.require(
                local ? path != null && path.startsWith("/") && !path.contains("..") : path == null,
                "spill_volume.path",
                path,
                local
                        ? "must be an absolute path without .. when type is local-path"
                        : "must be absent unless type is local-path");
    }

    private static void few(Findings found, String field, int entries) {
        found.require(entries <= MOST, field, entries + " entries", "must have at most " + MOST + " entries");
    }
}
