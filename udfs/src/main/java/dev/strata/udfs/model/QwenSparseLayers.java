package dev.strata.udfs.model;

import java.util.List;

/**
 * Which layers of a Qwen model are mixtures: every so many, the last of them, but for those that
 * {@code mlp_only_layers} lists.
 */
record QwenSparseLayers(int every, List<Integer> dense) {

  static QwenSparseLayers read(JsonFields config) {
    List<Integer> dense =
        config.isPresent("mlp_only_layers") ? config.wholeNumbers("mlp_only_layers") : List.of();
    return new QwenSparseLayers(config.sizeOr("decoder_sparse_step", 1), dense);
  }

  boolean isSparse(int layer) {
    return !dense.contains(layer) && (layer + 1) % every == 0;
  }
}
