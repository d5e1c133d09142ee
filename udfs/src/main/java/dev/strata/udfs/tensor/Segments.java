package dev.strata.udfs.tensor;

/**
 * The sequences of a micro-batch, ragged: segment {@code i} is {@code counts[i]} query rows from
 * {@code rows[i]} on, the last of the {@code lengths[i]} tokens whose keys and values start at
 * {@code extents[i]} in the pool.
 */
public record Segments(long[] rows, long[] counts, long[] extents, long[] lengths) {

  void check(long queryRows, long poolTokens) {
    for (int i = 0; i < rows.length; i++) {
      boolean holds =
          rows[i] >= 0
              && counts[i] > 0
              && rows[i] + counts[i] <= queryRows
              && counts[i] <= lengths[i]
              && extents[i] >= 0
              && extents[i] + lengths[i] <= poolTokens;
      if (!holds) {
        throw new IllegalArgumentException(
            String.format(
                "segment %d: rows %d + %d of %d, tokens %d + %d of %d",
                i, rows[i], counts[i], queryRows, extents[i], lengths[i], poolTokens));
      }
    }
  }
}
