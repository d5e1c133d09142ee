package dev.strata.udfs.tools.benchmark;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.tensor.DeviceRates;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The parts of a sweep that decodes a wave, in seconds: the same shapes and operators as the
 * engine's, each alone and over again, with nothing streamed.
 */
record SweepParts(double products, double attention, double conversion) {

  private static final double SECONDS = 0.3;

  /**
   * Measures them, with the engine idle.
   *
   * @param rows of the wave
   * @param length tokens of each row
   */
  static SweepParts measure(EngineOptions options, ModelWork model, int rows, int length) {
    try (DeviceRates device =
        DeviceRates.open(options.device(), options.computeType(), options.threads())) {
      DecoderSpec spec = model.spec();
      double attention =
          device.attentionSeconds(
              SECONDS, rows, length, spec.heads(), spec.kvHeads(), spec.headDim());
      return new SweepParts(
          products(device, model, rows),
          attention * spec.layers().size(),
          conversion(device, model));
    }
  }

  private static double products(DeviceRates device, ModelWork model, int rows) {
    return sum(model, m -> device.productSeconds(SECONDS, rows, m.columns(), m.rows()));
  }

  private static double conversion(DeviceRates device, ModelWork model) {
    return model.convertedBytes(device.computeType().bytes()) == 0
        ? 0
        : sum(model, m -> device.conversionSeconds(SECONDS, m.elements()));
  }

  /** Matrices of one shape are measured once. */
  private static double sum(ModelWork model, Function<ModelWork.Matrix, Double> seconds) {
    Map<ModelWork.Matrix, Long> shapes =
        model.matrices().stream()
            .map(m -> new ModelWork.Matrix(m.rows(), m.columns(), m.type(), false))
            .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
    return shapes.entrySet().stream()
        .mapToDouble(shape -> shape.getValue() * seconds.apply(shape.getKey()))
        .sum();
  }
}
