package io.quarry.engine.catalog;

/**
 * One error of a catalog at its place.
 *
 * @param file the catalog's file as it was given
 * @param line line from 1
 * @param column column from 1
 * @param message what is wrong and what is allowed, one sentence
 */
public record Problem(String file, int line, int column, String message) {
    @Override
    public String toString() {
        return file + ":" + line + ":" + column + ": " + message;
    }
}
