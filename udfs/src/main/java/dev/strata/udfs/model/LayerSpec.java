package dev.strata.udfs.model;

import java.util.Objects;

/**
 * What may differ from layer to layer.
 *
 * @param window tokens a token may attend to, itself included; 0 for all before it
 * @param rope the layer's position embedding
 */
public record LayerSpec(int window, RopeSpec rope) {

  public LayerSpec {
    Objects.requireNonNull(rope, "rope");
  }
}
