package io.quarry.local.registry;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/**
 * The rules of the registry: what may be registered, found and deleted. A change is decided, made durable in the journal
 * and only then visible. Thread-safe; calls follow one another.
 */
final class Registry {
    private final Catalogue catalogue;
    private final Journal journal;

    Registry(Catalogue catalogue, Journal journal) {
        this.catalogue = catalogue;
        this.journal = journal;
    }

    /**
     * A schema as a client sends it.
     *
     * @param id the id to register it under, in mode IMPORT alone
     * @param version the version to register it as, in mode IMPORT alone
     */
    record Candidate(
            String schema,
            List<Reference> references,
            @Nullable Integer id,
            @Nullable Integer version) {}

    private record Parsed(Schema schema, Version.Content content) {}

    /** Which of a subject's versions a request is about. */
    enum Deleted {
        HIDDEN,
        SHOWN,
        ALONE;

        boolean shows(Version version) {
            return this == SHOWN || (this == ALONE) == version.deleted();
        }
    }

    synchronized List<String> subjects(Deleted deleted, String prefix) {
        return catalogue.subjects().stream()
                .filter(s -> s.startsWith(prefix))
                .filter(s -> {
                    List<Version> all = catalogue.versions(s);
                    return deleted == Deleted.ALONE
                            ? all.stream().allMatch(Version::deleted)
                            : all.stream().anyMatch(deleted::shows);
                })
                .toList();
    }

    synchronized List<Version> versions(String subject, Deleted deleted) {
        List<Version> shown =
                catalogue.versions(subject).stream().filter(deleted::shows).toList();
        if (shown.isEmpty()) {
            throw Refusal.subjectNotFound(subject);
        }
        return shown;
    }

    synchronized List<Version> all(Deleted deleted) {
        return catalogue.all().stream().filter(deleted::shows).toList();
    }

    /** A version by its number, by {@code latest} or by -1, which means the same. */
    synchronized Version version(String subject, String number, Deleted deleted) {
        List<Version> shown = versions(subject, deleted);
        Optional<Integer> wanted = versionNumber(number);
        if (wanted.isEmpty()) {
            return shown.get(shown.size() - 1);
        }
        return shown.stream()
                .filter(v -> v.version() == wanted.get())
                .findFirst()
                .orElseThrow(() -> Refusal.versionNotFound(wanted.get()));
    }

    /** All versions that carry an id. An id outlives soft deletion, since old records still name it. */
    synchronized List<Version> byId(String id) {
        int number;
        try {
            number = Integer.parseInt(id);
        } catch (NumberFormatException e) {
            throw Refusal.noSuchPath();
        }
        List<Version> found =
                catalogue.all().stream().filter(v -> v.id() == number).toList();
        if (found.isEmpty()) {
            throw Refusal.idNotFound(id);
        }
        return found;
    }

    synchronized List<Integer> referencedBy(String subject, String number) {
        Version v = version(subject, number, Deleted.SHOWN);
        return referrers(v).stream().map(Version::id).distinct().sorted().toList();
    }

    /** Finds the version of a subject that has just this schema. */
    synchronized Version lookUp(String subject, Candidate candidate, Deleted deleted) {
        List<Version> shown = versions(subject, deleted);
        Version.Content content = parse(candidate).content();
        return latestWith(shown, content).orElseThrow(Refusal::schemaNotFound);
    }

    /** Registers a schema, or finds it when the subject has it already; may be repeated. */
    synchronized Version register(String subject, Candidate candidate) {
        List<Version> before = catalogue.versions(subject);
        List<Version> live = before.stream().filter(v -> !v.deleted()).toList();
        Parsed parsed = parse(candidate);
        Mode mode = effectiveMode(subject);
        Optional<Version> known = latestWith(live, parsed.content());
        if (known.isPresent()
                && (candidate.id() == null || candidate.id() == known.get().id())) {
            return known.get();
        }
        if (mode.isReadOnly()) {
            throw Refusal.notPermitted("Subject " + subject + " is in read-only mode");
        }
        if (mode != Mode.IMPORT && candidate.id() != null) {
            throw Refusal.notPermitted("Subject " + subject + " is not in import mode");
        }
        int next = before.isEmpty() ? 1 : before.get(before.size() - 1).version() + 1;
        int number = next;
        if (mode == Mode.IMPORT) {
            number = candidate.version() == null ? next : candidate.version();
        } else {
            if (candidate.version() != null && candidate.version() != next && candidate.version() != -1) {
                throw Refusal.invalidSchema("Schema version must be one more than previous version");
            }
            List<String> objections = effectiveLevel(subject).objections(parsed.schema(), schemas(live));
            if (!objections.isEmpty()) {
                throw Refusal.incompatible(
                        "Schema being registered is incompatible with an earlier schema for subject \"" + subject
                                + "\", details: " + objections);
            }
        }
        int id = candidate.id() == null
                ? catalogue.idOf(parsed.content()).orElse(catalogue.highestId() + 1)
                : unusedByAnother(candidate.id(), parsed.content());
        Version registered = new Version(
                subject, number, id, parsed.content().schema(), parsed.content().references(), false);
        change(new Entry.Registered(registered));
        return registered;
    }

    /** What stands against a schema as the next one, compared with one version or, by the subject's level, with all. */
    synchronized List<String> objections(String subject, @Nullable String number, Candidate candidate) {
        Parsed parsed = parse(candidate);
        if (number == null) {
            List<Version> live = catalogue.versions(subject).stream()
                    .filter(v -> !v.deleted())
                    .toList();
            return effectiveLevel(subject).objections(parsed.schema(), schemas(live));
        }
        // A subject without versions takes every schema as its latest; a named version has to exist.
        if (versionNumber(number).isEmpty()
                && catalogue.versions(subject).stream().allMatch(Version::deleted)) {
            return List.of();
        }
        Version v = version(subject, number, Deleted.HIDDEN);
        return effectiveLevel(subject).objections(parsed.schema(), schemas(List.of(v)));
    }

    /** Deletes a subject and returns the numbers of its versions; permanently only what was softly deleted before. */
    synchronized List<Integer> deleteSubject(String subject, boolean permanent) {
        refuseReadOnly(subject);
        List<Version> all = versions(subject, Deleted.SHOWN);
        List<Version> live = all.stream().filter(v -> !v.deleted()).toList();
        if (permanent && !live.isEmpty()) {
            throw Refusal.subjectNotSoftDeleted(subject);
        }
        if (!permanent && live.isEmpty()) {
            throw Refusal.subjectSoftDeleted(subject);
        }
        List<Version> doomed = permanent ? all : live;
        doomed.forEach(this::refuseReferenced);
        doomed.forEach(v -> delete(v, permanent));
        if (catalogue.level(subject).isPresent()) {
            change(new Entry.CompatibilitySet(subject, null));
        }
        if (catalogue.mode(subject).isPresent()) {
            change(new Entry.ModeSet(subject, null));
        }
        return doomed.stream().map(Version::version).toList();
    }

    synchronized int deleteVersion(String subject, String number, boolean permanent) {
        refuseReadOnly(subject);
        Version v = version(
                subject, number, versionNumber(number).isEmpty() && !permanent ? Deleted.HIDDEN : Deleted.SHOWN);
        if (permanent && !v.deleted()) {
            throw Refusal.versionNotSoftDeleted(subject, v.version());
        }
        if (!permanent && v.deleted()) {
            throw Refusal.versionSoftDeleted(subject, v.version());
        }
        refuseReferenced(v);
        delete(v, permanent);
        return v.version();
    }

    synchronized Compatibility level() {
        return catalogue.level();
    }

    synchronized Compatibility level(String subject, boolean orGlobal) {
        return catalogue.level(subject).orElseGet(() -> {
            if (orGlobal) {
                return catalogue.level();
            }
            throw Refusal.noSubjectCompatibility(subject);
        });
    }

    synchronized void setLevel(@Nullable String subject, Compatibility level) {
        change(new Entry.CompatibilitySet(subject, level));
    }

    /** Unsets a level and returns the one that was set. */
    synchronized Compatibility unsetLevel(@Nullable String subject) {
        Compatibility before = subject == null
                ? catalogue.level()
                : catalogue.level(subject).orElseThrow(() -> Refusal.noSubjectCompatibility(subject));
        change(new Entry.CompatibilitySet(subject, null));
        return before;
    }

    synchronized Mode mode() {
        return catalogue.mode();
    }

    synchronized Mode mode(String subject, boolean orGlobal) {
        return catalogue.mode(subject).orElseGet(() -> {
            if (orGlobal) {
                return catalogue.mode();
            }
            throw Refusal.noSubjectMode(subject);
        });
    }

    synchronized void setMode(@Nullable String subject, Mode mode, boolean force) {
        boolean occupied = subject == null
                ? !catalogue.all().isEmpty()
                : !catalogue.versions(subject).isEmpty();
        if (mode == Mode.IMPORT && occupied && !force) {
            throw Refusal.notPermitted("Cannot import since found existing subjects");
        }
        change(new Entry.ModeSet(subject, mode));
    }

    synchronized Mode unsetMode(String subject) {
        Mode before = catalogue.mode(subject).orElseThrow(() -> Refusal.noSubjectMode(subject));
        change(new Entry.ModeSet(subject, null));
        return before;
    }

    private void change(Entry entry) {
        journal.append(entry);
        catalogue.apply(entry);
    }

    private void delete(Version v, boolean permanent) {
        if (!permanent) {
            change(new Entry.Registered(v.softlyDeleted()));
            return;
        }
        change(new Entry.IdsGiven(catalogue.highestId()));
        change(new Entry.Erased(v.subject(), v.version()));
    }

    private Compatibility effectiveLevel(String subject) {
        return catalogue.level(subject).orElse(catalogue.level());
    }

    private Mode effectiveMode(String subject) {
        return catalogue.mode() == Mode.READONLY_OVERRIDE
                ? Mode.READONLY_OVERRIDE
                : catalogue.mode(subject).orElse(catalogue.mode());
    }

    private void refuseReadOnly(String subject) {
        if (effectiveMode(subject).isReadOnly()) {
            throw Refusal.notPermitted("Subject " + subject + " is in read-only mode");
        }
    }

    private void refuseReferenced(Version v) {
        if (referrers(v).stream().anyMatch(r -> !r.deleted())) {
            throw Refusal.referenced(v.subject(), v.version());
        }
    }

    private List<Version> referrers(Version target) {
        return catalogue.all().stream()
                .filter(v -> v.references().stream()
                        .anyMatch(r -> r.subject().equals(target.subject()) && r.version() == target.version()))
                .toList();
    }

    private int unusedByAnother(int id, Version.Content content) {
        boolean taken = catalogue.all().stream()
                .anyMatch(v -> v.id() == id && !v.content().equals(content));
        if (taken) {
            throw Refusal.notPermitted("Overwrite new schema with id " + id + " is not permitted.");
        }
        return id;
    }

    private static Optional<Version> latestWith(List<Version> versions, Version.Content content) {
        return versions.stream().filter(v -> v.content().equals(content)).reduce((older, newer) -> newer);
    }

    private static Optional<Integer> versionNumber(String text) {
        if (text.equals("latest") || text.equals("-1")) {
            return Optional.empty();
        }
        try {
            int number = Integer.parseInt(text);
            if (number > 0) {
                return Optional.of(number);
            }
        } catch (NumberFormatException e) {
            throw Refusal.invalidVersion(text);
        }
        throw Refusal.invalidVersion(text);
    }

    private List<Schema> schemas(List<Version> versions) {
        return versions.stream()
                .map(v -> parse(new Candidate(v.schema(), v.references(), null, null))
                        .schema())
                .toList();
    }

    private Parsed parse(Candidate candidate) {
        if (candidate.schema().isBlank()) {
            throw Refusal.invalidSchema("it is empty");
        }
        Schema.Parser parser = new Schema.Parser();
        List<Schema> referenced = new ArrayList<>();
        try {
            parseReferences(parser, candidate.references(), referenced, new HashSet<>());
            Schema schema = parser.parse(candidate.schema());
            return new Parsed(schema, new Version.Content(text(schema, referenced), candidate.references()));
        } catch (AvroRuntimeException e) {
            throw Refusal.invalidSchema(candidate.schema() + " of type AVRO, details: " + e.getMessage());
        }
    }

    private void parseReferences(
            Schema.Parser parser, List<Reference> references, Collection<Schema> parsed, Set<Reference> seen) {
        for (Reference r : references) {
            if (!seen.add(new Reference("", r.subject(), r.version()))) {
                continue;
            }
            Version v = catalogue.versions(r.subject()).stream()
                    .filter(x -> x.version() == r.version() && !x.deleted())
                    .findFirst()
                    .orElseThrow(() -> Refusal.invalidSchema("no schema is registered for the reference " + r.name()
                            + " to subject " + r.subject() + " version " + r.version()));
            parseReferences(parser, v.references(), parsed, seen);
            parsed.add(parser.parse(v.schema()));
        }
    }

    /** Avro's own JSON of a schema, in which the types that it refers to stay names. */
    @SuppressWarnings("deprecation") // the formatter that takes its place inlines every type
    private static String text(Schema schema, List<Schema> referenced) {
        return referenced.isEmpty() ? schema.toString() : schema.toString(referenced, false);
    }
}
