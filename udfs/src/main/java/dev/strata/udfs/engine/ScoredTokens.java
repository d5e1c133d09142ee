package dev.strata.udfs.engine;

import java.util.Arrays;
import java.util.List;

/**
 * How likely tokens are, each after all before it.
 *
 * @param logProbabilities of each
 * @param areLikeliest whether each is the likeliest of all at its place, so that they are what is
 *     generated where the likeliest token is taken
 */
// Both go to one reader and are not compared: an array spares boxing.
@SuppressWarnings("ArrayRecordComponent")
public record ScoredTokens(float[] logProbabilities, boolean areLikeliest) {

  /** Of the numbers that {@link #values} made. */
  public static ScoredTokens of(float[] values) {
    int count = values.length - 1;
    return new ScoredTokens(Arrays.copyOf(values, count), values[count] == 1);
  }

  /** Those of texts of which each goes on where the one before it ends. */
  public static ScoredTokens joined(List<ScoredTokens> parts) {
    int count = parts.stream().mapToInt(part -> part.logProbabilities.length).sum();
    float[] all = new float[count];
    int end = 0;
    for (ScoredTokens part : parts) {
      System.arraycopy(part.logProbabilities, 0, all, end, part.logProbabilities.length);
      end += part.logProbabilities.length;
    }
    return new ScoredTokens(all, parts.stream().allMatch(ScoredTokens::areLikeliest));
  }

  /** As numbers, for a journal: the log-probabilities, then 1 where all are the likeliest. */
  public float[] values() {
    float[] values = Arrays.copyOf(logProbabilities, logProbabilities.length + 1);
    values[logProbabilities.length] = areLikeliest ? 1 : 0;
    return values;
  }

  /** The sum of the log-probabilities. */
  public double sum() {
    double sum = 0;
    for (float logProbability : logProbabilities) {
      sum += logProbability;
    }
    return sum;
  }

  /** How many there are. */
  public int count() {
    return logProbabilities.length;
  }
}
