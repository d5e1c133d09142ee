package dev.strata.udfs.sql;

/** How likely answers are beside each other. */
final class Likelihoods {

  private Likelihoods() {}

  /** The first of the likeliest. */
  static int best(float[] logProbabilities) {
    int best = 0;
    for (int i = 1; i < logProbabilities.length; i++) {
      best = logProbabilities[i] > logProbabilities[best] ? i : best;
    }
    return best;
  }

  /** Each one's part, of 1 in all. */
  static double[] parts(float[] logProbabilities) {
    double most = logProbabilities[best(logProbabilities)];
    double[] parts = new double[logProbabilities.length];
    double sum = 0;
    for (int i = 0; i < parts.length; i++) {
      parts[i] = Math.exp(logProbabilities[i] - most);
      sum += parts[i];
    }
    for (int i = 0; i < parts.length; i++) {
      parts[i] /= sum;
    }
    return parts;
  }
}
