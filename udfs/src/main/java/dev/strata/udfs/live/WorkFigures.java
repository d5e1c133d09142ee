package dev.strata.udfs.live;

import dev.strata.udfs.api.SweepTimes;

/**
 * What was done so far, and how fast it goes.
 *
 * @param rows rows that are through, failed ones included
 * @param errors rows that failed
 * @param promptTokens tokens of prompts
 * @param newTokens tokens generated
 * @param readBytes bytes read from files
 * @param times where the time of sweeps went
 * @param tokensPerSecond of late: tokens generated, or tokens of prompts where none are
 * @param limitPerSecond the same if what takes longest of reading, copying and computing never
 *     waited
 */
record WorkFigures(
    long rows,
    long errors,
    long promptTokens,
    long newTokens,
    long sweeps,
    long readBytes,
    SweepTimes times,
    double tokensPerSecond,
    double limitPerSecond) {

  static final WorkFigures NONE = new WorkFigures(0, 0, 0, 0, 0, 0, SweepTimes.NONE, 0, 0);

  /** The same of what has ended. */
  WorkFigures atRest() {
    return new WorkFigures(rows, errors, promptTokens, newTokens, sweeps, readBytes, times, 0, 0);
  }

  /** Both together. */
  WorkFigures plus(WorkFigures other) {
    return new WorkFigures(
        rows + other.rows,
        errors + other.errors,
        promptTokens + other.promptTokens,
        newTokens + other.newTokens,
        sweeps + other.sweeps,
        readBytes + other.readBytes,
        times.plus(other.times),
        tokensPerSecond + other.tokensPerSecond,
        limitPerSecond + other.limitPerSecond);
  }
}
