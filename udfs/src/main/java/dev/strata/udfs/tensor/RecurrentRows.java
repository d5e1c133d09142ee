package dev.strata.udfs.tensor;

import java.util.ArrayList;
import java.util.List;

/**
 * The sequences of a batch whose states a recurrence goes on with, sequence {@code i} having state
 * {@code i}: {@code counts[i]} rows from {@code rows[i]} on. Longer ones come first.
 *
 * <p>They are cut into pieces of as many chunks of tokens as kernels take at once: the first chunks
 * of some sequences, then the next chunks of those that have more. Sequences of a single token are
 * pieces of their own, without chunks.
 */
public final class RecurrentRows implements AutoCloseable {

  /** Tokens of a chunk. */
  static final int CHUNK = 64;

  private static final long[] NO_STEPS = {};

  /**
   * What one call of a kernel does.
   *
   * @param firstSlot the first of its sequences; {@code slots} of them
   * @param rows [tokens] of the block
   * @param tokens [tokens] where they are behind those that the convolution sees before them
   * @param befores [slots · (kernel - 1)] where the latter are
   * @param tails [slots · (kernel - 1)] what the convolution will see again
   * @param places [tokens] where tokens are in the chunks
   * @param steps how many sequences have a first chunk here, a second one, and so on; empty where
   *     each has a token
   */
  @SuppressWarnings("ArrayRecordComponent") // not compared
  record Piece(
      int firstSlot,
      int slots,
      Tensor rows,
      Tensor tokens,
      Tensor befores,
      Tensor tails,
      Tensor places,
      long[] steps) {}

  private final int[] rows;
  private final int[] counts;
  private final Holdings holdings = new Holdings();
  private List<List<Piece>> parts = List.of();

  /**
   * @param rows the first row of each sequence
   * @param counts how many rows each has, in descending order
   */
  public RecurrentRows(int[] rows, int[] counts) {
    this.rows = rows.clone();
    this.counts = counts.clone();
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] < 1 || (i > 0 && counts[i] > counts[i - 1])) {
        throw new IllegalArgumentException(
            String.format("sequence %d of %d tokens behind others", i, counts[i]));
      }
    }
  }

  /**
   * Brings to the device what kernels need, which closing lets go, also where that failed half-way.
   *
   * @param kernel tokens that the convolution sees
   * @param chunks the most that kernels take at once
   */
  public void upload(ComputeDevice device, int kernel, int chunks) {
    parts = new ArrayList<>();
    int threads = Math.min(device.kernelThreads(), counts.length);
    for (int thread = 0; thread < threads; thread++) {
      int first = counts.length * thread / threads;
      int end = counts.length * (thread + 1) / threads;
      List<Piece> pieces = new ArrayList<>();
      parts.add(pieces);
      int single = first;
      while (single < end && counts[single] > 1) {
        single++;
      }
      for (int group = first; group < single; group += chunks) {
        addChunks(device, kernel, group, Math.min(single, group + chunks), chunks, pieces);
      }
      if (single < end) {
        pieces.add(piece(device, kernel, single, end - single, 0, NO_STEPS));
      }
    }
  }

  /** The pieces of some sequences, no more of which than kernels take chunks. */
  private void addChunks(
      ComputeDevice device, int kernel, int first, int end, int chunks, List<Piece> pieces) {
    int all = chunksOf(first);
    for (int step = 0, next; step < all; step = next) {
      List<Long> steps = new ArrayList<>();
      long used = 0;
      next = step;
      while (next < all && used + having(first, end, next) <= chunks) {
        steps.add((long) having(first, end, next));
        used += having(first, end, next++);
      }
      long[] active = steps.stream().mapToLong(Long::longValue).toArray();
      pieces.add(piece(device, kernel, first, (int) active[0], step, active));
    }
  }

  private int chunksOf(int sequence) {
    return DeltaRules.chunksOf(counts[sequence]);
  }

  /** How many of some sequences have a chunk. */
  private int having(int first, int end, int chunk) {
    int last = first;
    while (last < end && chunksOf(last) > chunk) {
      last++;
    }
    return last - first;
  }

  private Piece piece(
      ComputeDevice device, int kernel, int firstSlot, int slots, int firstChunk, long[] steps) {
    int before = kernel - 1;
    int from = firstChunk * CHUNK;
    int most = Math.max(1, steps.length * CHUNK);
    int[] taken = new int[slots];
    int n = 0;
    for (int i = 0; i < slots; i++) {
      taken[i] = Math.min(counts[firstSlot + i] - from, most);
      n += taken[i];
    }
    long[] ofRows = new long[n];
    long[] tokens = new long[n];
    long[] places = new long[steps.length == 0 ? 0 : n];
    long[] befores = new long[slots * before];
    long[] tails = new long[slots * before];
    long[] firstOfStep = new long[steps.length];
    for (int step = 1; step < steps.length; step++) {
      firstOfStep[step] = firstOfStep[step - 1] + steps[step - 1];
    }
    int token = 0;
    int place = 0;
    for (int i = 0; i < slots; i++) {
      for (int j = 0; j < before; j++) {
        befores[i * before + j] = (long) place + j;
        tails[i * before + j] = (long) place + taken[i] + j;
      }
      for (int j = 0; j < taken[i]; j++, token++) {
        ofRows[token] = (long) rows[firstSlot + i] + from + j;
        tokens[token] = (long) place + before + j;
        if (steps.length > 0) {
          places[token] = (firstOfStep[j / CHUNK] + i) * CHUNK + j % CHUNK;
        }
      }
      place += before + taken[i];
    }
    return new Piece(
        firstSlot,
        slots,
        holdings.add(device.indexes(ofRows)),
        holdings.add(device.indexes(tokens)),
        holdings.add(device.indexes(befores)),
        holdings.add(device.indexes(tails)),
        holdings.add(device.indexes(places)),
        steps);
  }

  /** The pieces, those of a list one after the other, lists side by side. */
  List<List<Piece>> parts() {
    return parts;
  }

  /** How many sequences there are. */
  int sequences() {
    return rows.length;
  }

  /** The row behind the last of all. */
  long endRow() {
    long end = 0;
    for (int i = 0; i < rows.length; i++) {
      end = Math.max(end, (long) rows[i] + counts[i]);
    }
    return end;
  }

  @Override
  public void close() {
    holdings.close();
  }
}
