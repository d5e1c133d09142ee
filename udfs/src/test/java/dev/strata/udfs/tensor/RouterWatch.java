package dev.strata.udfs.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Sees what routers choose, and how close it was. For the host's processor in float32. */
public final class RouterWatch {

  /**
   * What the tokens of a block chose in a layer.
   *
   * @param experts of each token
   * @param margin by how much of itself the last score taken was above the first left, of the token
   *     in which that was least
   */
  public record Choice(List<int[]> experts, double margin) {}

  private final List<Choice> choices = new ArrayList<>();

  private final NativeCalls gate =
      new NativeCalls() {
        @Override
        public void run(ScriptCall call) {
          call.send();
          if (call.method().equals("route")) {
            see(call.arguments());
          }
        }
      };

  /** Opens a device whose routers are seen; see {@link ComputeDevice#open}. */
  public ComputeDevice open(String name, String computeType, int threads) {
    return ComputeDevice.open(name, computeType, threads, gate);
  }

  /** All choices so far, layer by layer, block by block. */
  public synchronized List<Choice> choices() {
    return List.copyOf(choices);
  }

  private synchronized void see(List<Object> arguments) {
    Tensor x = (Tensor) arguments.get(0);
    int begin = ((Number) arguments.get(1)).intValue();
    int n = ((Number) arguments.get(2)).intValue();
    int chosen = ((Number) arguments.get(3)).intValue();
    double factor = ((Number) arguments.get(4)).doubleValue();
    int scoring = ((Number) arguments.get(5)).intValue();
    float[] correction = floats((Tensor) arguments.get(6));
    int groups = ((Number) arguments.get(7)).intValue();
    int groupsChosen = ((Number) arguments.get(8)).intValue();
    Tensor experts = (Tensor) arguments.get(12);
    int first = ((Number) arguments.get(14)).intValue();
    float[] products = floats(x);
    int count = (int) x.size(1);
    List<int[]> taken = new ArrayList<>();
    double margin = Double.POSITIVE_INFINITY;
    for (int token = 0; token < n; token++) {
      int row = (begin + token) * count;
      double[] scores = scores(Arrays.copyOfRange(products, row, row + count), factor, scoring);
      for (int i = 0; i < correction.length; i++) {
        scores[i] += correction[i];
      }
      margin = Math.min(margin, margin(scores, chosen, groups, groupsChosen));
      taken.add(row(experts, first + token, chosen));
    }
    choices.add(new Choice(taken, margin));
  }

  private static float[] floats(Tensor x) {
    FloatBuffer from = x.elements() == 0 ? FloatBuffer.allocate(0) : x.buffer().asFloatBuffer();
    float[] values = new float[from.remaining()];
    from.get(values);
    return values;
  }

  private static int[] row(Tensor experts, int token, int chosen) {
    ByteBuffer all = experts.buffer().order(ByteOrder.nativeOrder());
    int width = (int) experts.size(1);
    return IntStream.range(0, chosen)
        .map(i -> (int) all.getLong((token * width + i) * Long.BYTES))
        .toArray();
  }

  private static double[] scores(float[] products, double factor, int scoring) {
    double[] scores = new double[products.length];
    double sum = 0;
    for (int i = 0; i < scores.length; i++) {
      double x = factor * products[i];
      scores[i] = scoring == 1 ? 1 / (1 + Math.exp(-x)) : Math.exp(x);
      sum += scores[i];
    }
    for (int i = 0; i < scores.length && scoring != 1; i++) {
      scores[i] /= sum;
    }
    return scores;
  }

  /** Of the groups, and then of the experts in those that were chosen. */
  private static double margin(double[] scores, int chosen, int groups, int groupsChosen) {
    if (groups == 1) {
      return margin(scores, chosen);
    }
    int size = scores.length / groups;
    double[] ofGroups = new double[groups];
    for (int group = 0; group < groups; group++) {
      double[] own = sorted(Arrays.copyOfRange(scores, group * size, (group + 1) * size));
      ofGroups[group] = own[0] + own[1];
    }
    double least = sorted(ofGroups)[groupsChosen - 1];
    double[] left = scores.clone();
    for (int i = 0; i < left.length; i++) {
      left[i] = ofGroups[i / size] < least ? 0 : left[i];
    }
    return Math.min(margin(ofGroups, groupsChosen), margin(left, chosen));
  }

  private static double margin(double[] scores, int chosen) {
    double[] sorted = sorted(scores);
    return chosen == sorted.length
        ? Double.POSITIVE_INFINITY
        : (sorted[chosen - 1] - sorted[chosen]) / Math.abs(sorted[chosen - 1]);
  }

  /** The largest first. */
  private static double[] sorted(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    for (int i = 0; i < sorted.length / 2; i++) {
      double other = sorted[sorted.length - 1 - i];
      sorted[sorted.length - 1 - i] = sorted[i];
      sorted[i] = other;
    }
    return sorted;
  }
}
