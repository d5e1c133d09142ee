package dev.strata.udfs.tools.benchmark;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.model.AttentionSpec;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.tensor.DeviceRates;
import dev.strata.udfs.tools.benchmark.ModelWork.Matrix;
import dev.strata.udfs.tools.benchmark.ModelWork.Part;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The parts of a sweep that decodes a wave, in seconds: the same shapes and operators as the
 * engine's, each alone and over again, with nothing streamed.
 */
record SweepParts(double products, double attention, double conversion) {

  /** Of a sweep on a GPU, whose parts run beside each other. */
  static final SweepParts NONE = new SweepParts(Double.NaN, Double.NaN, Double.NaN);

  private static final int ROUNDS = 3;
  private static final double SECONDS = 0.1;

  /**
   * Measures them in turns, with the engine idle.
   *
   * @param rows of the wave
   * @param length tokens of each row
   */
  static SweepParts measure(EngineOptions options, ModelWork model, int rows, int length) {
    try (DeviceRates device =
        DeviceRates.open(options.device(), options.computeType(), options.threads())) {
      double products = 0;
      double attention = 0;
      double conversion = 0;
      for (int round = 0; round < ROUNDS; round++) {
        products += products(device, model, rows) / ROUNDS;
        attention += attention(device, model.spec(), rows, length) / ROUNDS;
        conversion += conversion(device, model) / ROUNDS;
      }
      return new SweepParts(products, attention, conversion);
    }
  }

  private static double attention(DeviceRates device, DecoderSpec spec, int rows, int length) {
    // Windows apart, layers with the same heads are alike.
    return spec.attentions().stream()
        .collect(Collectors.groupingBy(Heads::of, Collectors.counting()))
        .entrySet()
        .stream()
        .mapToDouble(
            alike -> alike.getKey().seconds(device, alike.getValue().intValue(), rows, length))
        .sum();
  }

  private record Heads(int heads, int kvHeads, int headDim) {

    static Heads of(AttentionSpec attention) {
      return new Heads(attention.heads(), attention.kvHeads(), attention.headDim());
    }

    double seconds(DeviceRates device, int layers, int rows, int length) {
      return layers
          * device.attentionSeconds(SECONDS, layers, rows, length, heads, kvHeads, headDim);
    }
  }

  private static double products(DeviceRates device, ModelWork model, int rows) {
    return sum(model, m -> device.productSeconds(SECONDS, rows(m, rows), m.columns(), m.rows()));
  }

  private static double conversion(DeviceRates device, ModelWork model) {
    return model.convertedBytes(device.computeType().bytes(), model.expertBytes()) == 0
        ? 0
        : sum(model, m -> device.conversionSeconds(SECONDS, m.elements()));
  }

  /** Of an expert, as many as come to it if all get equally many. */
  private static long rows(Matrix matrix, int rows) {
    return Math.max(1, Math.round(rows * matrix.share()));
  }

  /** Matrices of one shape are measured once. */
  private static double sum(ModelWork model, Function<Matrix, Double> seconds) {
    Map<Matrix, Long> shapes =
        model.matrices().stream()
            .map(m -> new Matrix(m.rows(), m.columns(), m.type(), Part.LAYER, m.share()))
            .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
    return shapes.entrySet().stream()
        .mapToDouble(shape -> shape.getValue() * seconds.apply(shape.getKey()))
        .sum();
  }
}
