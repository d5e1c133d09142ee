package dev.strata.udfs.engine;

import dev.strata.udfs.api.Pooling;
import dev.strata.udfs.api.RowException;
import java.util.Arrays;

/** A text's vector: the mean of its last hidden states, or the last of them. */
final class PooledStates implements Reading {

  /** The sum is in float32, which is at most twice the size of a hidden state. */
  static final int ROWS = 2;

  private final Ask.Embed ask;
  private final int tokens;
  private final float[] sum;

  PooledStates(Ask.Embed ask, int tokens, int hiddenSize) {
    this.ask = ask;
    this.tokens = tokens;
    this.sum = new float[hiddenSize];
  }

  @Override
  public boolean poolsStates() {
    return true;
  }

  @Override
  public int pooledFrom() {
    return ask.pooling() == Pooling.LAST ? tokens - 1 : 0;
  }

  @Override
  public int rows(int position, int count) {
    return ROWS;
  }

  @Override
  public int affordable(int position, int count, int rows) {
    return rows >= ROWS ? count : 0;
  }

  @Override
  public void add(float[] states, int from) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += states[from + i];
    }
  }

  @Override
  public void restart() {
    Arrays.fill(sum, 0);
  }

  @Override
  public float[] values() {
    double squares = 0;
    for (float x : sum) {
      squares += (double) x * x;
    }
    double length = Math.sqrt(squares);
    if (!Double.isFinite(length) || length == 0) {
      throw new RowException(
          "the %d tokens have no embedding of a finite length".formatted(tokens));
    }
    double divisor = ask.isUnit() ? length : tokens - pooledFrom();
    float[] vector = new float[sum.length];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (sum[i] / divisor);
    }
    return vector;
  }
}
