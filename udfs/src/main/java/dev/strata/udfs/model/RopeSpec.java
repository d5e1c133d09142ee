package dev.strata.udfs.model;

import java.util.List;

/**
 * Rotary position embedding of the first elements of a head, all of them or a part: element {@code
 * i} and element {@code i + n} of {@code 2 n} turn by {@code position · inverseFrequencies[i]}, or
 * neighbours do.
 *
 * @param inverseFrequencies radians per position, one for each pair of elements, scaling applied
 * @param attentionFactor what cosine and sine are multiplied by (YaRN's temperature), 1 for none
 * @param pairs whether neighbours turn together, else the halves of what turns
 */
public record RopeSpec(List<Double> inverseFrequencies, double attentionFactor, boolean pairs) {

  /** The halves turn together. */
  public RopeSpec(List<Double> inverseFrequencies, double attentionFactor) {
    this(inverseFrequencies, attentionFactor, false);
  }

  /** The same with neighbours that turn together. */
  RopeSpec inPairs() {
    return new RopeSpec(inverseFrequencies, attentionFactor, true);
  }

  public RopeSpec {
    inverseFrequencies = List.copyOf(inverseFrequencies);
  }
}
