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
 * @param beta queries are multiplied by {@code 1 + beta · log(1 + floor(position / length))}; 0 for
 *     not at all
 * @param length positions after which that grows
 * @param longer other frequencies in longer sequences; null for none
 */
public record RopeSpec(
    List<Double> inverseFrequencies,
    double attentionFactor,
    boolean pairs,
    double beta,
    int length,
    Longer longer) {

  /**
   * Frequencies of tokens in sequences of more than a number of tokens.
   *
   * @param inverseFrequencies as many as the others
   */
  public record Longer(List<Double> inverseFrequencies, int above) {

    public Longer {
      inverseFrequencies = List.copyOf(inverseFrequencies);
    }
  }

  /** The halves turn together. */
  public RopeSpec(List<Double> inverseFrequencies, double attentionFactor) {
    this(inverseFrequencies, attentionFactor, false, 0, 1, null);
  }

  /** The same with neighbours that turn together. */
  RopeSpec inPairs() {
    return new RopeSpec(inverseFrequencies, attentionFactor, true, beta, length, longer);
  }

  /** The same with queries that grow with their position. */
  RopeSpec growing(double by, int every) {
    return new RopeSpec(inverseFrequencies, attentionFactor, pairs, by, every, longer);
  }

  /** The same with other frequencies in longer sequences. */
  RopeSpec withLonger(Longer other) {
    return new RopeSpec(inverseFrequencies, attentionFactor, pairs, beta, length, other);
  }

  public RopeSpec {
    inverseFrequencies = List.copyOf(inverseFrequencies);
  }
}
