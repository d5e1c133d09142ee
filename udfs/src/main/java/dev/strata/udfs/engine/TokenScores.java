package dev.strata.udfs.engine;

/** The log-probabilities of a text's own tokens. */
final class TokenScores implements Reading {

  private final int[] tokens;
  private final int length;
  private final int from;
  private final float[] logProbabilities;
  private boolean areLikeliest = true;

  /**
   * @param tokens the text's tokens, {@code length} of them
   */
  TokenScores(int[] tokens, int length, int from) {
    this.tokens = tokens;
    this.length = length;
    this.from = from;
    this.logProbabilities = new float[Math.max(0, length - from)];
  }

  @Override
  public int[] targets(int position) {
    int next = position + 1;
    return next >= from && next < length ? new int[] {tokens[next]} : NO_TOKENS;
  }

  @Override
  public void found(int position, float[] found, int likeliest) {
    logProbabilities[position + 1 - from] = found[0];
    areLikeliest &= likeliest == tokens[position + 1];
  }

  @Override
  public void restart() {
    areLikeliest = true;
  }

  @Override
  public int rows(int position, int count) {
    return Math.max(0, Math.min(position + count, length - 1) - Math.max(position, from - 1));
  }

  @Override
  public int affordable(int position, int count, int rows) {
    return rows(position, count) <= rows ? count : Math.max(0, from - 1 - position) + rows;
  }

  @Override
  public float[] values() {
    return new ScoredTokens(logProbabilities, areLikeliest).values();
  }
}
