package io.quarry.local.cli;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** What every command is told that changes one group: where, which one, by whom and why, and how to answer. */
final class GroupOptions {
    @Mixin
    private ConnectionOptions connection;

    @Mixin
    private Output output;

    @Mixin
    private ChangeOptions change;

    @Parameters(paramLabel = "GROUP", description = "Name of the group.")
    private String name;

    ConnectionOptions connection() {
        return connection;
    }

    Output output() {
        return output;
    }

    ChangeOptions change() {
        return change;
    }

    String name() {
        return name;
    }
}
