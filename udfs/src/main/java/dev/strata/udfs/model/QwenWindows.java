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
    List<String> types = config.texts("layer_types");
    int layers = DecoderFields.layerCount(config);
    if (types.size() != layers) {
      throw config.unusable(
          String.format("layer_types has %d entries for %d layers", types.size(), layers));
    }
    int[] windows = types.stream().mapToInt(type -> window(config, type, window)).toArray();
    return layer -> windows[layer];
  }

  private static int window(JsonFields config, String type, int window) {
    return switch (type) {
      case "full_attention" -> 0;
      case "sliding_attention" -> {
        if (window == 0) {
          throw config.unusable(
              "layer_types has sliding_attention, but use_sliding_window and sliding_window set no"
                  + " window");
        }
        yield window;
      }
      default -> throw config.invalid("layer_types", "full_attention or sliding_attention each");
    };
  }
}
