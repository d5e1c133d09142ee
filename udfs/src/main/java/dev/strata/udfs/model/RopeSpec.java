package dev.strata.udfs.model;

import java.util.List;

/**
 * Rotary position embedding of the halves of a head: element {@code i} and element {@code i +
 * headDim/2} turn by {@code position · inverseFrequencies[i]}.
 *
 * @param inverseFrequencies radians per position, one for each pair: headDim/2 of them, scaling
 *     applied
 * @param attentionFactor what cosine and sine are multiplied by (YaRN's temperature), 1 for none
 */
public record RopeSpec(List<Double> inverseFrequencies, double attentionFactor) {

  public RopeSpec {
    inverseFrequencies = List.copyOf(inverseFrequencies);
  }
}
