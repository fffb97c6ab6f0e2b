package io.quarry.scheduler.collect;

import io.quarry.schemas.Topics;
import java.nio.file.Path;
import java.time.Duration;

/**
 * What the collector is set to.
 *
 * @param topics names of the topics
 * @param datasets directory of all datasets, the one that workers write below
 * @param sweepInterval how often all final rows are held against the directories again
 * @param retention how long a final row is kept: what is older and has no row is nobody's
 */
public record CollectSettings(Topics topics, Path datasets, Duration sweepInterval, Duration retention) {}
