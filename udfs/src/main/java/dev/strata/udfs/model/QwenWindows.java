package dev.strata.udfs.model;

import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;

/**
 * Which layers of a Qwen model slide: those that {@code layer_types} says, else those that follow
 * from {@code max_window_layers}; none unless {@code use_sliding_window} is true.
 */
final class QwenWindows {

  private static final int DEFAULT_WINDOW = 4_096;
  private static final String NAME = "max_window_layers";
  private static final int DEFAULT_WINDOW_LAYERS = 28;

  private QwenWindows() {}

  /** Of dense models: those from {@code max_window_layers} on. */
  static IntUnaryOperator read(JsonFields config) {
    int first = config.wholeOr(NAME, 0, DEFAULT_WINDOW_LAYERS);
    return read(config, layer -> layer >= first);
  }

  /** Of Qwen2's mixtures: every second of those before. */
  static IntUnaryOperator ofMixture(JsonFields config) {
    int end = config.wholeOr(NAME, 0, DEFAULT_WINDOW_LAYERS);
    return read(config, layer -> layer % 2 == 0 && layer < end);
  }

  private static IntUnaryOperator read(JsonFields config, IntPredicate slides) {
    int window = window(config);
    return config.isPresent("layer_types")
        ? byType(config, window)
        : layer -> slides.test(layer) ? window : 0;
  }

  private static int window(JsonFields config) {
    String name = "sliding_window";
    if (!config.flagOr("use_sliding_window", false) || config.isNull(name)) {
      return 0;
    }
    return config.sizeOr(name, DEFAULT_WINDOW);
  }

  private static IntUnaryOperator byType(JsonFields config, int window) {
    List<Boolean> sliding = LayerTypes.sliding(config);
    if (window == 0 && sliding.contains(true)) {
      throw config.unusable(
          "layer_types has sliding_attention, but use_sliding_window and sliding_window set no"
              + " window");
    }
    return layer -> sliding.get(layer) ? window : 0;
  }
}
