package io.quarry.schemas.schedule;

/** A cron expression that cannot be followed, with the character where it goes wrong. */
public final class CronException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final int character;

    CronException(String expression, int character, String problem) {
        super("cron '" + expression + "', character " + character + ": " + problem);
        this.character = character;
    }

    /** The character that is wrong, counted from 1. */
    public int character() {
        return character;
    }
}
