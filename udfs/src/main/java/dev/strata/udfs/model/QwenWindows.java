package dev.strata.udfs.model;

import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * Which layers of a Qwen model slide: those that {@code layer_types} says, else those from {@code
 * max_window_layers} on; none unless {@code use_sliding_window} is true.
 */
final class QwenWindows {

  private static final int DEFAULT_WINDOW = 4_096;
  private static final int DEFAULT_FIRST_SLIDING_LAYER = 28;

  private QwenWindows() {}

  static IntUnaryOperator read(JsonFields config) {
    int window = window(config);
    if (config.isPresent("layer_types")) {
      return byType(config, window);
    }
    int firstSliding = config.wholeOr("max_window_layers", 0, DEFAULT_FIRST_SLIDING_LAYER);
    return layer -> layer >= firstSliding ? window : 0;
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
