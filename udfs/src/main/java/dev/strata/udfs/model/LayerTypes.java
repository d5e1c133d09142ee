package dev.strata.udfs.model;

import java.util.List;
import java.util.stream.IntStream;

/** Reads {@code layer_types}. */
final class LayerTypes {

  private static final String NAME = "layer_types";

  private LayerTypes() {}

  /** Whether each layer slides. */
  static List<Boolean> sliding(JsonFields config) {
    return types(config).stream().map(type -> isSliding(config, type)).toList();
  }

  private static List<String> types(JsonFields config) {
    List<String> types = config.texts(NAME);
    int layers = DecoderFields.layerCount(config);
    if (types.size() != layers) {
      throw config.unusable(
          String.format("layer_types has %d entries for %d layers", types.size(), layers));
    }
    return types;
  }

  /**
   * Whether each layer has linear attention, where the types may be absent: then all but every
   * {@code full_attention_interval}-th have it.
   */
  static List<Boolean> linear(JsonFields config) {
    int every = config.sizeOr("full_attention_interval", 4);
    int layers = DecoderFields.layerCount(config);
    return config.isPresent(NAME)
        ? types(config).stream().map(type -> isLinear(config, type)).toList()
        : IntStream.range(0, layers).mapToObj(layer -> (layer + 1) % every != 0).toList();
  }

  private static boolean isLinear(JsonFields config, String type) {
    return switch (type) {
      case "full_attention" -> false;
      case "linear_attention" -> true;
      default -> throw config.invalid(NAME, "full_attention or linear_attention each");
    };
  }

  private static boolean isSliding(JsonFields config, String type) {
    return switch (type) {
      case "full_attention" -> false;
      case "sliding_attention" -> true;
      default -> throw config.invalid(NAME, "full_attention or sliding_attention each");
    };
  }

  /**
   * Whether a layer slides where the types may be absent.
   *
   * @param every so many layers, the last of them does not slide, where they are
   */
  static boolean slides(JsonFields config, int layer, int every) {
    return config.isPresent(NAME)
        ? sliding(config).get(layer)
        : every > 0 && (layer + 1) % every != 0;
  }
}
