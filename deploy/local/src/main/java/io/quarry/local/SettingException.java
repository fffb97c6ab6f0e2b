package io.quarry.local;

/** A setting of local mode has a value that it cannot have; the message names the setting, the value and the rule. */
public final class SettingException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /** What a process of local mode says about a setting of its own. */
    SettingException(String message) {
        super(message);
    }

    SettingException(String name, String value, String rule) {
        super("Setting " + name + " = '" + value + "': " + rule);
    }
}
