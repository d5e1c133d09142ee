package dev.strata.udfs.tools.benchmark;

/**
 * The wave against one row after another through the same engine, and a sweep against its parts
 * timed alone.
 *
 * @param rows of the run
 * @param seconds that the run took
 * @param sampledRows rows that went through one after another
 * @param sampledSeconds that they took
 * @param singleSweep seconds of a median sweep that decodes one row alone
 * @param waveRows rows of the full wave
 * @param waveSweep seconds of a median sweep that decodes the full wave
 * @param products seconds of that sweep's matrix products, alone; NaN on a GPU, as the two after
 *     it: there nothing of a sweep is alone
 * @param attention seconds of its attention, alone
 * @param conversion seconds of converting its weights, alone
 */
record Comparison(
    int rows,
    double seconds,
    int sampledRows,
    double sampledSeconds,
    double singleSweep,
    int waveRows,
    double waveSweep,
    double products,
    double attention,
    double conversion) {

  /** Seconds that all rows would take one after another, each as the sampled ones did. */
  double rowByRowSeconds() {
    return sampledSeconds * rows / sampledRows;
  }

  double endToEndRatio() {
    return rowByRowSeconds() / seconds;
  }

  /** Tokens per second of the full wave by those of one row. */
  double decodeRatio() {
    return waveRows / waveSweep * singleSweep;
  }

  double partsSeconds() {
    return products + attention + conversion;
  }

  /** A sweep's time by that of its parts. */
  double sweepByParts() {
    return waveSweep / partsSeconds();
  }
}
