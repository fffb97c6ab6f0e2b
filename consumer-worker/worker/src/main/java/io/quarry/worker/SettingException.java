package io.quarry.worker;

/** A setting that a worker cannot start with; the message names the setting, its value and the rule. */
public final class SettingException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    SettingException(String name, String value, String rule) {
        super("setting " + name + " is '" + value + "': " + rule);
    }

    SettingException(String message) {
        super(message);
    }
}
