package dev.strata.udfs.spark;

import dev.strata.udfs.api.EngineMemory;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.SweepTimes;

/**
 * What several engines did.
 *
 * @param rows rows that ended, failed ones included
 * @param errors rows that ended with an error inside an engine
 * @param promptTokens prompt tokens that entered a sweep
 * @param newTokens tokens generated
 * @param readBytes bytes read from files
 * @param times where the time of sweeps went
 * @param memory what those hold that are open
 */
public record EngineTotals(
    long rows,
    long errors,
    long promptTokens,
    long newTokens,
    long sweeps,
    long readBytes,
    SweepTimes times,
    EngineMemory memory) {

  /** Of no engine. */
  public static final EngineTotals NONE =
      new EngineTotals(0, 0, 0, 0, 0, 0, SweepTimes.NONE, EngineMemory.NONE);

  /** What one engine did. */
  public static EngineTotals of(EngineSnapshot engine) {
    return new EngineTotals(
        engine.doneRows() + engine.failedRows(),
        engine.failedRows(),
        engine.promptTokens(),
        engine.newTokens(),
        engine.sweeps(),
        engine.readBytes(),
        engine.times(),
        engine.memory());
  }

  /** What the engines of this JVM did so far, those that were closed included. */
  public static EngineTotals ofThisJvm() {
    return ExecutorEngines.TALLY.totals();
  }

  /** Both together. */
  public EngineTotals plus(EngineTotals other) {
    return new EngineTotals(
        rows + other.rows,
        errors + other.errors,
        promptTokens + other.promptTokens,
        newTokens + other.newTokens,
        sweeps + other.sweeps,
        readBytes + other.readBytes,
        times.plus(other.times),
        memory.plus(other.memory));
  }

  /** The same of engines that are closed. */
  EngineTotals withoutMemory() {
    return new EngineTotals(
        rows, errors, promptTokens, newTokens, sweeps, readBytes, times, EngineMemory.NONE);
  }
}
