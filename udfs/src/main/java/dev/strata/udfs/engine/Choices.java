package dev.strata.udfs.engine;

import java.util.List;

/**
 * The log-probabilities of continuations of one prompt. Their first tokens are read after the
 * prompt; then each goes through the model behind the prompt's keys and values, in the slots that
 * the one before it had.
 */
final class Choices implements Reading {

  /** As many tokens whose log-probabilities are wanted take no more than a hidden state. */
  private static final int TARGETS_OF_A_ROW = 16;

  private final int promptLength;
  private final List<int[]> continuations;
  // Of each continuation's tokens, so that what is read twice counts once.
  private final float[][] found;
  private int current;
  private int done;

  Choices(int promptLength, List<int[]> continuations) {
    this.promptLength = promptLength;
    this.continuations = continuations;
    this.found = continuations.stream().map(c -> new float[c.length]).toArray(float[][]::new);
    skipShort();
  }

  /** Nothing follows a continuation's only token. */
  private void skipShort() {
    while (current < continuations.size() && continuations.get(current).length == 1) {
      current++;
    }
  }

  @Override
  public int[] targets(int position) {
    return position == promptLength - 1
        ? continuations.stream().mapToInt(c -> c[0]).toArray()
        : NO_TOKENS;
  }

  @Override
  public void found(int position, float[] logProbabilities, int likeliest) {
    for (int i = 0; i < found.length; i++) {
      found[i][0] = logProbabilities[i];
    }
  }

  @Override
  public int rows(int position, int count) {
    boolean isEnd = position + count == promptLength;
    return isEnd ? rows(continuations.size()) : 0;
  }

  /** Rows that the first tokens of so many continuations take, besides one. */
  static int rows(int continuations) {
    return (continuations - 1) / TARGETS_OF_A_ROW;
  }

  @Override
  public int affordable(int position, int count, int rows) {
    return rows(position, count) <= rows ? count : count - 1;
  }

  @Override
  public Choices choices() {
    return this;
  }

  int count() {
    return continuations.size();
  }

  /** The first continuation that did not go through the model whole; the count if all did. */
  int current() {
    return current;
  }

  /** How many tokens of {@link #current} went through the model. */
  int done() {
    return done;
  }

  /** How many tokens of a continuation go through the model: nothing follows its last. */
  int tokens(int continuation) {
    return continuations.get(continuation).length - 1;
  }

  /** Whether no later continuation goes through the model. */
  boolean isLast(int continuation) {
    return continuations.subList(continuation + 1, count()).stream().allMatch(c -> c.length == 1);
  }

  /** A token of a continuation. */
  int token(int continuation, int index) {
    return continuations.get(continuation)[index];
  }

  /** Takes the log-probability of the token that follows the one at an index. */
  void found(int continuation, int index, float logProbability) {
    found[continuation][index + 1] = logProbability;
  }

  /** Takes note that tokens of a continuation went through the model, in the order of both. */
  void advance(int continuation, int count) {
    done = continuation == current ? done + count : count;
    current = continuation;
    if (done >= tokens(continuation)) {
      current++;
      done = 0;
      skipShort();
    }
  }

  @Override
  public void restart() {
    done = 0;
  }

  @Override
  public boolean isComplete() {
    return current == continuations.size();
  }

  @Override
  public float[] values() {
    float[] sums = new float[found.length];
    for (int i = 0; i < sums.length; i++) {
      double sum = 0;
      for (float value : found[i]) {
        sum += value;
      }
      sums[i] = (float) sum;
    }
    return sums;
  }
}
