package dev.strata.udfs.model;

import java.util.Map;

/** How the {@code config.json} of one {@code model_type} reads. */
interface ModelFamily {

  String modelType();

  DecoderSpec read(JsonFields config);

  /**
   * What absent sizes mean in a {@code text_config}, from which older checkpoints leave out
   * whatever is as in its class. Elsewhere sizes are always there.
   */
  default Map<String, Integer> sizesOfClass() {
    return Map.of();
  }
}
