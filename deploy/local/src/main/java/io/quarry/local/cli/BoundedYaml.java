package io.quarry.local.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.common.Anchor;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.MappingStartEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.parser.Parser;

/**
 * A parser's events, bounded: nesting that would overflow the stack of whoever reads it, aliases that lead back into
 * themselves and aliases that make a small file a huge one are refused before anything is made of them.
 */
final class BoundedYaml implements Parser {
    static final int MOST_LEVELS = 100;
    static final long MOST_REPEATED = 100_000;

    private final Parser events;
    private final Deque<Open> open = new ArrayDeque<>();
    private final Map<Anchor, Long> sizes = new HashMap<>();
    private @Nullable Event before;
    private @Nullable Mark bare;
    private long nodes;
    private long repeated;

    private record Open(@Nullable Anchor anchor, long nodesBefore) {}

    BoundedYaml(Parser events) {
        this.events = events;
    }

    @Override
    public boolean checkEvent(Event.ID choice) {
        return events.checkEvent(choice);
    }

    @Override
    public Event peekEvent() {
        return events.peekEvent();
    }

    @Override
    public boolean hasNext() {
        return events.hasNext();
    }

    @Override
    public Event next() {
        Event event = events.next();
        if (event instanceof CollectionStartEvent start) {
            open(start);
        } else if (event instanceof CollectionEndEvent) {
            close();
        } else if (event instanceof ScalarEvent scalar) {
            nodes++;
            scalar.getAnchor().ifPresent(anchor -> sizes.put(anchor, 1L));
        } else if (event instanceof AliasEvent alias) {
            repeat(alias);
        }
        before = event;
        return event;
    }

    private static boolean touch(Event outer, Event inner) {
        return outer.getStartMark()
                .flatMap(one -> inner.getStartMark().map(two -> two.getIndex() == one.getIndex() + 1))
                .orElse(false);
    }

    /** Where two braces begin a value, as a placeholder without quotes does; null when none did. */
    @Nullable Mark bare() {
        return bare;
    }

    private void open(CollectionStartEvent start) {
        if (before instanceof MappingStartEvent outer && start instanceof MappingStartEvent && touch(outer, start)) {
            bare = outer.getStartMark().orElse(null);
        }
        open.push(new Open(start.getAnchor().orElse(null), nodes));
        nodes++;
        if (open.size() > MOST_LEVELS) {
            throw new Excess(
                    "lists and mappings lie more than " + MOST_LEVELS
                            + " levels deep in one another: no job needs that",
                    start.getStartMark());
        }
    }

    private void close() {
        Open closed = open.pop();
        if (closed.anchor() != null) {
            sizes.put(closed.anchor(), nodes - closed.nodesBefore());
        }
    }

    private void repeat(AliasEvent alias) {
        Anchor anchor = alias.getAlias();
        if (open.stream().anyMatch(at -> anchor.equals(at.anchor()))) {
            throw new Excess(
                    "the alias *" + anchor.getValue() + " stands within what it names: a job cannot hold itself",
                    alias.getStartMark());
        }
        // An alias of nothing is for the composer to refuse.
        long size = sizes.getOrDefault(anchor, 0L);
        nodes += size;
        repeated += size;
        if (repeated > MOST_REPEATED) {
            throw new Excess(
                    "the aliases up to *" + anchor.getValue() + " stand for more than " + Text.count(MOST_REPEATED)
                            + " values: write the values out, or put rows into a Parquet file and name it in input.files",
                    alias.getStartMark());
        }
    }

    /** More than a job file may hold, though it is YAML. */
    static final class Excess extends MarkedYamlEngineException {
        private static final long serialVersionUID = 1L;

        private Excess(String problem, Optional<Mark> mark) {
            super(null, Optional.empty(), problem, mark);
        }
    }
}
