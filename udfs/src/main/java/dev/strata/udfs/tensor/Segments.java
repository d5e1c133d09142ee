package dev.strata.udfs.tensor;

import java.util.ArrayList;
import java.util.List;

/**
 * The sequences of a batch, ragged: segment {@code i} is {@code counts[i]} query rows from {@code
 * rows[i]} on, the last of the {@code lengths[i]} tokens whose keys and values start at {@code
 * slots[i]}. Rows follow one another, and so do slots.
 */
public final class Segments implements AutoCloseable {

  final long[] rows;
  final long[] counts;
  final long[] slots;
  final long[] lengths;
  private Tensor onDevice;
  private List<Segments> parts;

  /** Room for {@code n} segments; each is to be {@link #set}. */
  public Segments(int n) {
    this.rows = new long[n];
    this.counts = new long[n];
    this.slots = new long[n];
    this.lengths = new long[n];
  }

  /** Sets one segment. */
  public void set(int segment, long row, long count, long slot, long length) {
    rows[segment] = row;
    counts[segment] = count;
    slots[segment] = slot;
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
        cut.set(next++, rows[i] + done, count, slots[i], length);
      }
    }
    return cut;
  }

  private long rowsAtOnce(int segment, long scores) {
    return Math.max(1, scores / lengths[segment]);
  }

  /**
   * The same segments in at most {@code n} lists, with about as many products of queries and keys
   * in each. The first call's lists are kept for those that follow.
   */
  List<Segments> split(int n) {
    if (parts == null) {
      long[] scores = new long[rows.length + 1];
      for (int i = 0; i < rows.length; i++) {
        scores[i + 1] = scores[i] + counts[i] * lengths[i];
      }
      parts = new ArrayList<>();
      for (int begin = 0, end; begin < rows.length; begin = end) {
        long goal = scores[rows.length] * (parts.size() + 1) / n;
        end = begin + 1;
        while (end < rows.length && (scores[end] + scores[end + 1]) / 2 <= goal) {
          end++;
        }
        parts.add(range(begin, end));
      }
    }
    return parts;
  }

  private Segments range(int begin, int end) {
    Segments range = new Segments(end - begin);
    for (int i = begin; i < end; i++) {
      range.set(i - begin, rows[i], counts[i], slots[i], lengths[i]);
    }
    return range;
  }

  /**
   * Brings the segments to the device, for its fused attention kernel, which attention then uses;
   * without that, it goes segment by segment.
   */
  public void upload(ComputeDevice device) {
    if (onDevice != null) {
      return;
    }
    int n = rows.length;
    int[] values = new int[3 * n + 2];
    for (int i = 0; i < n; i++) {
      values[i] = (int) rows[i];
      values[n + 1 + i] = (int) slots[i];
      values[2 * n + 2 + i] = (int) lengths[i];
    }
    values[n] = (int) (rows[n - 1] + counts[n - 1]);
    values[2 * n + 1] = (int) (slots[n - 1] + lengths[n - 1]);
    onDevice = device.integers(values);
  }

  /** Cumulated counts, slots and lengths on the device, or null. */
  Tensor onDevice() {
    return onDevice;
  }

  void check(long queryRows, long kvSlots) {
    for (int i = 0; i < rows.length; i++) {
      boolean holds =
          rows[i] >= 0
              && counts[i] > 0
              && rows[i] + counts[i] <= queryRows
              && counts[i] <= lengths[i]
              && slots[i] >= 0
              && slots[i] + lengths[i] <= kvSlots;
      if (!holds) {
        throw new IllegalArgumentException(
            String.format(
                "segment %d: rows %d + %d of %d, tokens %d + %d of %d",
                i, rows[i], counts[i], queryRows, slots[i], lengths[i], kvSlots));
      }
    }
  }

  @Override
  public void close() {
    if (onDevice != null) {
      onDevice.close();
      onDevice = null;
    }
  }
}
