package dev.strata.udfs.kv;

/**
 * A run of token slots of the pool, the same in every layer.
 *
 * @param begin the first slot
 * @param tokens how many
 */
public record Extent(int begin, int tokens) {

  /** The slot after the last. */
  public int end() {
    return begin + tokens;
  }
}
