package dev.strata.udfs.engine;

import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/** Keeps the logits of every position. */
final class RecordedLogits implements LogitsObserver {

  private final Map<Integer, float[]> rows = new HashMap<>();

  @Override
  public boolean everyPosition() {
    return true;
  }

  @Override
  public void logits(int position, FloatBuffer logits) {
    float[] row = new float[logits.remaining()];
    logits.get(row);
    if (rows.put(position, row) != null) {
      throw new IllegalStateException("position " + position + " comes twice");
    }
  }

  Set<Integer> positions() {
    return rows.keySet();
  }

  float[] at(int position) {
    return rows.get(position);
  }

  double logProbability(int position, int token) {
    float[] row = at(position);
    double largest = IntStream.range(0, row.length).mapToDouble(i -> row[i]).max().orElseThrow();
    double sum = IntStream.range(0, row.length).mapToDouble(i -> Math.exp(row[i] - largest)).sum();
    return row[token] - largest - Math.log(sum);
  }

  int best(int position) {
    float[] row = at(position);
    int best = 0;
    for (int i = 1; i < row.length; i++) {
      best = row[i] > row[best] ? i : best;
    }
    return best;
  }
}
