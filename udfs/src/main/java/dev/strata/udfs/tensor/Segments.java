package dev.strata.udfs.tensor;

/**
 * The sequences of a micro-batch, ragged: segment {@code i} is {@code counts[i]} query rows from
 * {@code rows[i]} on, the last of the {@code lengths[i]} tokens whose keys and values start at
 * {@code extents[i]} in the pool.
 */
public final class Segments {

  final long[] rows;
  final long[] counts;
  final long[] extents;
  final long[] lengths;

  /** Room for {@code n} segments; each is to be {@link #set}. */
  public Segments(int n) {
    this.rows = new long[n];
    this.counts = new long[n];
    this.extents = new long[n];
    this.lengths = new long[n];
  }

  /** Sets one segment. */
  public void set(int segment, long row, long count, long extent, long length) {
    rows[segment] = row;
    counts[segment] = count;
    extents[segment] = extent;
    lengths[segment] = length;
  }

  /**
   * The same segments, cut so that no one has more than {@code scores} products of a query row with
   * a key, unless a single row has. Attention may hold all scores of a segment at once; rows do not
   * depend on one another.
   */
  public Segments cut(long scores) {
    int n = 0;
    for (int i = 0; i < rows.length; i++) {
      n += (int) ((counts[i] + rowsAtOnce(i, scores) - 1) / rowsAtOnce(i, scores));
    }
    Segments cut = new Segments(n);
    int next = 0;
    for (int i = 0; i < rows.length; i++) {
      for (long done = 0; done < counts[i]; done += rowsAtOnce(i, scores)) {
        long count = Math.min(rowsAtOnce(i, scores), counts[i] - done);
        long length = lengths[i] - counts[i] + done + count;
        cut.set(next++, rows[i] + done, count, extents[i], length);
      }
    }
    return cut;
  }

  private long rowsAtOnce(int segment, long scores) {
    return Math.max(1, scores / lengths[segment]);
  }

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
