package dev.strata.udfs.live;

import dev.strata.udfs.api.EngineMemory;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.SweepTimes;

/**
 * What an engine did for a run, and where it is.
 *
 * @param executor the number of the executor that has it; {@code driver} in a local session
 * @param engine its name
 * @param isGone whether its executor was lost
 * @param sweep which sweep of the run it is in, counted from 1
 * @param layer which layer it is in, counted from 1
 * @param layers layers of the model
 * @param active rows in the wave
 * @param waiting rows that will enter one
 * @param promptTokens prompt tokens that entered a sweep
 * @param newTokens tokens generated
 * @param readBytes bytes read from files
 * @param times where the time of sweeps went
 * @param memory what it holds
 * @param tokensPerSecond as in {@link WorkFigures}; {@code limitPerSecond} alike
 */
record EngineFigures(
    String executor,
    String engine,
    boolean isGone,
    long sweep,
    int layer,
    int layers,
    int active,
    int waiting,
    long promptTokens,
    long newTokens,
    long readBytes,
    SweepTimes times,
    EngineMemory memory,
    double tokensPerSecond,
    double limitPerSecond) {

  static EngineFigures of(String executor, EngineSnapshot engine, boolean isGone, Pace pace) {
    boolean works = engine.activeRows() > 0;
    return new EngineFigures(
        executor,
        engine.engine(),
        isGone,
        engine.sweeps() + (works ? 1 : 0),
        works ? Math.min(engine.layer() + 1, engine.layers()) : 0,
        engine.layers(),
        engine.activeRows(),
        engine.waitingRows(),
        engine.promptTokens(),
        engine.newTokens(),
        engine.readBytes(),
        engine.times(),
        engine.memory(),
        works ? pace.perSecond() : 0,
        works ? pace.limitPerSecond() : 0);
  }

  /** The same with the speed of the whole run. */
  EngineFigures onAverage() {
    long tokens = newTokens == 0 ? promptTokens : newTokens;
    return new EngineFigures(
        executor,
        engine,
        isGone,
        sweep,
        layer,
        layers,
        active,
        waiting,
        promptTokens,
        newTokens,
        readBytes,
        times,
        memory,
        perSecond(tokens, times.nanos()),
        perSecond(tokens, times.limitNanos()));
  }

  private static double perSecond(long tokens, long nanos) {
    return nanos > 0 ? 1e9 * tokens / nanos : 0;
  }
}
