package dev.strata.udfs.transformer;

import dev.strata.udfs.tensor.Footprint;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Tokens whose log-probabilities are wanted after some rows of the head, which are side by side.
 *
 * @param firstRow the first of those rows
 * @param tokens the tokens of each
 */
public record HeadTargets(int firstRow, List<int[]> tokens) {

  /** Nothing is wanted. */
  public static final HeadTargets NONE = new HeadTargets(0, List.of());

  private static final String OWNER = "head";

  /** Tokens that a row has in a plan; a row that has more takes the places of others. */
  private static final int TOKENS_OF_A_ROW = 16;

  public HeadTargets {
    tokens = List.copyOf(tokens);
  }

  /**
   * What they take: of each row a sum, of each token its row, itself and its logit, and all of it
   * on its way to the device.
   */
  public static Footprint footprint(long rows) {
    long token = 2L * Long.BYTES + Float.BYTES;
    long bytes = rows * (Float.BYTES + TOKENS_OF_A_ROW * token);
    return Footprint.sum(Footprint.device(OWNER, bytes), Footprint.heap(OWNER, bytes));
  }

  int rows() {
    return tokens.size();
  }

  /** Of each token, the row in whose place its logit is. */
  long[] rowOfEach() {
    return IntStream.range(0, rows())
        .boxed()
        .flatMapToLong(i -> LongStream.generate(() -> firstRow + i).limit(tokens.get(i).length))
        .toArray();
  }

  /** The tokens of all rows one after the other. */
  long[] tokenOfEach() {
    return tokens.stream().flatMapToInt(IntStream::of).asLongStream().toArray();
  }

  /**
   * Log-probabilities of the tokens, row by row.
   *
   * @param logits of the tokens of all rows one after the other
   * @param sums the logarithm of the sum of the exponentials of a row's logits
   */
  List<float[]> logProbabilities(float[] logits, float[] sums) {
    List<float[]> all = new ArrayList<>();
    int next = 0;
    for (int i = 0; i < rows(); i++) {
      float[] own = new float[tokens.get(i).length];
      for (int j = 0; j < own.length; j++) {
        own[j] = logits[next++] - sums[i];
      }
      all.add(own);
    }
    return all;
  }
}
