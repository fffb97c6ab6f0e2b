package io.quarry.client;

import java.util.List;

/** The job names a resource group that there is not. Nothing was submitted. */
public final class UnknownGroupException extends SubmitException {
    private static final long serialVersionUID = 1L;

    private final String group;
    private final transient List<String> known;

    UnknownGroupException(String group, List<String> known, String message) {
        super(message, null);
        this.group = group;
        this.known = List.copyOf(known);
    }

    public String group() {
        return group;
    }

    /** The groups that there are, sorted. */
    public List<String> known() {
        return known;
    }
}
