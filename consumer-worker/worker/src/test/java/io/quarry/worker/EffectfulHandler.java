package io.quarry.worker;

/** A scripted handler with effects outside its directories. */
public final class EffectfulHandler extends ScriptedHandler {
    static final String KIND = "effectful";

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public boolean effectful() {
        return true;
    }
}
