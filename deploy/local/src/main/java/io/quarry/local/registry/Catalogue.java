package io.quarry.local.registry;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Everything the registry knows, folded from its log. Not thread-safe. */
final class Catalogue {
    private final NavigableMap<String, NavigableMap<Integer, Version>> subjects = new TreeMap<>();
    private final Map<String, Compatibility> levels = new HashMap<>();
    private final Map<String, Mode> modes = new HashMap<>();
    private Compatibility level = Compatibility.DEFAULT;
    private Mode mode = Mode.READWRITE;
    private int highestId;

    void apply(Entry entry) {
        if (entry instanceof Entry.Registered e) {
            Version v = e.version();
            subjects.computeIfAbsent(v.subject(), s -> new TreeMap<>()).put(v.version(), v);
            highestId = Math.max(highestId, v.id());
        } else if (entry instanceof Entry.Erased e) {
            NavigableMap<Integer, Version> versions = subjects.get(e.subject());
            if (versions != null) {
                versions.remove(e.version());
                if (versions.isEmpty()) {
                    subjects.remove(e.subject());
                }
            }
        } else if (entry instanceof Entry.CompatibilitySet e) {
            if (e.subject() == null) {
                level = e.level() == null ? Compatibility.DEFAULT : e.level();
            } else {
                set(levels, e.subject(), e.level());
            }
        } else if (entry instanceof Entry.ModeSet e) {
            if (e.subject() == null) {
                mode = e.mode() == null ? Mode.READWRITE : e.mode();
            } else {
                set(modes, e.subject(), e.mode());
            }
        } else if (entry instanceof Entry.IdsGiven e) {
            highestId = Math.max(highestId, e.highest());
        }
    }

    private static <V> void set(Map<String, V> map, String key, @Nullable V value) {
        if (value == null) {
            map.remove(key);
        } else {
            map.put(key, value);
        }
    }

    Collection<String> subjects() {
        return subjects.navigableKeySet();
    }

    /** All versions of a subject, softly deleted ones too, oldest first. */
    List<Version> versions(String subject) {
        NavigableMap<Integer, Version> versions = subjects.get(subject);
        return versions == null ? List.of() : List.copyOf(versions.values());
    }

    List<Version> all() {
        return subjects.values().stream().flatMap(v -> v.values().stream()).toList();
    }

    /** The id that a schema has wherever it is registered. */
    Optional<Integer> idOf(Version.Content content) {
        return all().stream()
                .filter(v -> v.content().equals(content))
                .map(Version::id)
                .findFirst();
    }

    int highestId() {
        return highestId;
    }

    Compatibility level() {
        return level;
    }

    Optional<Compatibility> level(String subject) {
        return Optional.ofNullable(levels.get(subject));
    }

    Mode mode() {
        return mode;
    }

    Optional<Mode> mode(String subject) {
        return Optional.ofNullable(modes.get(subject));
    }
}
