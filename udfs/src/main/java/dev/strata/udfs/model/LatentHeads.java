package dev.strata.udfs.model;

/**
 * Widths of attention whose keys and values are those of one latent vector for all heads
 * (multi-head latent attention). What a matrix makes of the latent is done to queries and to what
 * is attended instead, so that the latent alone is kept: a key head of {@code rotated + latent}
 * elements, whose value is the same head before its rotation.
 *
 * @param heads query heads
 * @param plain elements of a query head that are not rotated
 * @param rotated elements that are, behind them
 * @param value elements of a value head
 * @param latent elements of the latent
 */
public record LatentHeads(int heads, int plain, int rotated, int value, int latent) {

  /** Width of queries as their matrix makes them, [plain, rotated] for each head. */
  public int queryWidth() {
    return heads * (plain + rotated);
  }

  /** Width of what a token's keys and values are made of, [latent, rotated]. */
  public int compressedWidth() {
    return latent + rotated;
  }

  /** Width of a head as attention sees it, [rotated, latent]. */
  public int headDim() {
    return rotated + latent;
  }

  /** Width of queries, the key and the value as attention takes them. */
  public int attentionWidth() {
    return (heads + 2) * headDim();
  }

  /** Rows of the matrix that makes keys and values of the latent, [plain, value] for each head. */
  public int rows() {
    return heads * (plain + value);
  }
}
