package dev.strata.udfs.engine;

import java.util.function.IntUnaryOperator;

/**
 * How large a share of a sweep's tokens chose each expert of a layer, in the sweeps so far, and
 * what that says of the next.
 */
final class ExpertShares {

  /** Of so many sweeps, and no fewer than so many tokens, a moving mean is. */
  private static final int SWEEPS_OF_MEAN = 16;

  private static final long LEAST_TOKENS_OF_MEAN = 1024;

  private static final int LEAST_SWEEPS = 2;

  /** If tokens chose each by itself, one expert in 3,000 that so many are expected of has none. */
  private static final double CERTAIN_TOKENS = 8;

  // [experts]
  private final double[] mean;
  // [experts]: the least of all sweeps that were large enough, that rises to the mean again
  private final double[] least;
  private long tokensOfMean;
  private int sweeps;

  ExpertShares(int experts) {
    this.mean = new double[experts];
    this.least = new double[experts];
  }

  /**
   * Takes note of a sweep.
   *
   * @param counts tokens that chose an expert
   * @param tokens of the sweep
   */
  void add(IntUnaryOperator counts, long tokens) {
    long most = Math.max(SWEEPS_OF_MEAN * tokens, LEAST_TOKENS_OF_MEAN);
    tokensOfMean = Math.min(tokensOfMean + tokens, most);
    for (int expert = 0; expert < mean.length; expert++) {
      double share = (double) counts.applyAsInt(expert) / tokens;
      mean[expert] += (share - mean[expert]) * tokens / tokensOfMean;
      double risen = least[expert] + (mean[expert] - least[expert]) / SWEEPS_OF_MEAN;
      boolean isTelling = mean[expert] * tokens >= CERTAIN_TOKENS;
      least[expert] = sweeps == 0 ? share : isTelling ? Math.min(share, risen) : risen;
    }
    sweeps++;
  }

  /** The share of tokens that choose an expert. */
  double mean(int expert) {
    return mean[expert];
  }

  /** How likely some of so many tokens choose an expert. */
  double chance(int expert, long tokens) {
    return 1 - Math.exp(-mean[expert] * tokens);
  }

  /** Whether it is as good as certain that some of so many tokens choose an expert. */
  boolean isCertain(int expert, long tokens) {
    return sweeps >= LEAST_SWEEPS
        && mean[expert] * tokensOfMean >= CERTAIN_TOKENS
        && least[expert] * tokens >= CERTAIN_TOKENS;
  }
}
