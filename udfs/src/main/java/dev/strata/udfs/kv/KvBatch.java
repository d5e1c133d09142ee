package dev.strata.udfs.kv;

import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.Segments;
import dev.strata.udfs.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToIntFunction;

/**
 * Sequences of a micro-batch whose keys and values attention sees at once. Made once for a sweep,
 * used in every layer.
 */
public final class KvBatch implements AutoCloseable {

  /**
   * A sequence's part.
   *
   * @param extent its slots in the pool; null where its keys and values are only for itself, so
   *     that they have none and pass
   * @param position its first token's position
   * @param count its tokens in the batch
   */
  public record Run(Extent extent, int position, int count) {

    /** A sequence that is in a batch whole, and whose keys and values nobody needs afterwards. */
    public static Run passing(int count) {
      return new Run(null, 0, count);
    }

    boolean passes() {
      return extent == null;
    }

    private int begin() {
      return extent.begin();
    }

    private int end() {
      return position + count;
    }
  }

  /** Tokens that are side by side in the pool and in the memory that attention sees. */
  record Copy(int segment, int begin, int slot, int tokens) {}

  private static final String OWNER = "sequences of batches";

  /** A run, its slot and its copy. */
  private static final int RUN_BYTES = 256;

  private static final int SEGMENT_INTEGERS = 3;

  /** Stands for the memory of those that pass, beside the pool's segments. */
  static final int PASSING = -1;

  private final int firstRow;
  private final List<Run> runs;
  private final int[] slots;
  private final int segment;
  private List<Copy> loads = List.of();
  private List<Copy> loadsOfAll = List.of();
  private final int rows;
  private final Holdings holdings = new Holdings();
  private Segments segments;
  private Tensor rowSlots;

  private KvBatch(int firstRow, List<Run> runs, int[] slots, int segment) {
    this.firstRow = firstRow;
    this.runs = List.copyOf(runs);
    this.slots = slots;
    this.segment = segment;
    this.rows = runs.stream().mapToInt(Run::count).sum();
  }

  /**
   * What all batches of a sweep take besides keys and values: where each token's go, on the device
   * and on its way there, and where attention finds each sequence.
   *
   * @param runs sequences; one that goes on in the next micro-batch counts again
   */
  public static Footprint footprint(int runs, int tokens) {
    long segments = (long) SEGMENT_INTEGERS * runs * Integer.BYTES;
    return Footprint.sum(
        Footprint.device(OWNER, (long) tokens * Long.BYTES + segments),
        Footprint.heap(OWNER, (long) tokens * Long.BYTES + (long) runs * RUN_BYTES));
  }

  /** Cuts a micro-batch's sequences into batches. */
  public static final class Cutter {

    private final KvPool pool;
    private final int slotTokens;
    private final int gapTokens;

    /** For a pool that kernels use where it is. */
    public Cutter(KvPool pool) {
      this(pool, 0, 0);
    }

    /**
     * For a pool in host memory.
     *
     * @param slotTokens the most tokens whose keys and values are brought at once
     * @param gapTokens so many tokens that nobody needs are copied along rather than that a copy is
     *     cut in two
     */
    public Cutter(KvPool pool, int slotTokens, int gapTokens) {
      this.pool = pool;
      this.slotTokens = slotTokens;
      this.gapTokens = gapTokens;
    }

    /**
     * Cuts a micro-batch. Runs of one extent, such as continuations of one prompt, are in different
     * batches: each leaves the slots behind its position to the next.
     *
     * @param runs its sequences in the order of its rows
     */
    public List<KvBatch> cut(List<Run> runs) {
      List<KvBatch> batches = new ArrayList<>();
      int row = 0;
      for (int first = 0; first < runs.size(); ) {
        KvBatch batch = next(runs, first, row);
        batches.add(batch);
        first += batch.runs.size();
        row += batch.rows;
      }
      return batches;
    }

    private KvBatch next(List<Run> runs, int first, int row) {
      return slotTokens == 0 ? inPlace(runs, first, row) : streamed(runs, first, row);
    }

    private KvBatch inPlace(List<Run> runs, int first, int row) {
      if (runs.get(first).passes()) {
        return passing(runs, first, row);
      }
      int segment = segmentOf(runs.get(first));
      Set<Integer> extents = new HashSet<>();
      int end = first;
      while (end < runs.size()
          && segmentOf(runs.get(end)) == segment
          && extents.add(runs.get(end).begin())) {
        end++;
      }
      List<Run> part = runs.subList(first, end);
      int begin = pool.beginOf(segment);
      int[] slots = part.stream().mapToInt(run -> run.begin() - begin).toArray();
      return new KvBatch(row, part, slots, segment);
    }

    private int segmentOf(Run run) {
      return run.passes() ? PASSING : pool.segmentOf(run.begin());
    }

    /** Side by side from the first slot on, since the next batch has all of them again. */
    private static KvBatch passing(List<Run> runs, int first, int row) {
      int end = first;
      while (end < runs.size() && runs.get(end).passes()) {
        end++;
      }
      List<Run> part = runs.subList(first, end);
      int[] slots = new int[part.size()];
      for (int i = 1; i < slots.length; i++) {
        slots[i] = slots[i - 1] + part.get(i - 1).count();
      }
      return new KvBatch(row, part, slots, PASSING);
    }

    private KvBatch streamed(List<Run> runs, int first, int row) {
      List<Run> part = new ArrayList<>();
      List<Integer> slots = new ArrayList<>();
      Set<Integer> extents = new HashSet<>();
      int used = 0;
      for (Run run : runs.subList(first, runs.size())) {
        int slot = part.isEmpty() ? 0 : used + gap(part.get(part.size() - 1), run);
        boolean isFull = !part.isEmpty() && slot + run.end() > slotTokens;
        if (isFull || !(run.passes() || extents.add(run.begin()))) {
          break;
        }
        part.add(run);
        slots.add(slot);
        used = slot + run.end();
      }
      KvBatch batch =
          new KvBatch(row, part, slots.stream().mapToInt(Integer::intValue).toArray(), 0);
      batch.loads = batch.loads(pool, gapTokens, Run::position);
      if (pool.format().isAnyShared()) {
        batch.loadsOfAll = batch.loads(pool, gapTokens, Run::end);
      }
      return batch;
    }

    /** Slots left free between two sequences so that one copy brings both. */
    private int gap(Run before, Run run) {
      if (before.passes() || run.passes()) {
        return 0;
      }
      int gap = run.begin() - before.begin() - before.end();
      boolean near = gap >= 0 && gap <= gapTokens;
      boolean sameSegment = pool.segmentOf(before.begin()) == pool.segmentOf(run.begin());
      return near && sameSegment ? gap : 0;
    }
  }

  /**
   * One copy for runs whose distance is the same in the pool and in the slot.
   *
   * @param tokens how many of each run are brought, from its extent's first slot on
   */
  private List<Copy> loads(KvPool pool, int gapTokens, ToIntFunction<Run> tokens) {
    List<Copy> copies = new ArrayList<>();
    for (int i = 0; i < runs.size(); i++) {
      Run run = runs.get(i);
      int count = tokens.applyAsInt(run);
      if (count == 0) {
        continue;
      }
      int in = pool.segmentOf(run.extent().begin());
      int begin = run.extent().begin() - pool.beginOf(in);
      Copy last = copies.isEmpty() ? null : copies.get(copies.size() - 1);
      if (last != null
          && last.segment() == in
          && begin - last.begin() == slots[i] - last.slot()
          && slots[i] - last.slot() - last.tokens() <= gapTokens) {
        int together = slots[i] - last.slot() + count;
        copies.set(copies.size() - 1, new Copy(in, last.begin(), last.slot(), together));
      } else {
        copies.add(new Copy(in, begin, slots[i], count));
      }
    }
    return copies;
  }

  /**
   * Brings what kernels need of the batch to the device; closing the batch lets it go, also where
   * that failed half-way.
   *
   * @param fused whether attention goes over the whole batch at once
   * @param scores the most products of query rows with keys that attention makes at once, for each
   *     head, where it makes them at all
   */
  public void upload(ComputeDevice device, boolean fused, long scores) {
    Segments whole = new Segments(runs.size());
    long[] places = new long[rows];
    int row = 0;
    for (int i = 0; i < runs.size(); i++) {
      Run run = runs.get(i);
      whole.set(i, row, run.count(), slots[i], run.end());
      for (int j = 0; j < run.count(); j++) {
        places[row++] = (long) slots[i] + run.position() + j;
      }
    }
    if (fused) {
      segments = holdings.add(whole);
      segments.upload(device);
    } else {
      segments = whole.cut(scores);
    }
    rowSlots = holdings.add(device.indexes(places));
  }

  /** The batch's first row in its micro-batch. */
  public int firstRow() {
    return firstRow;
  }

  /** Rows of the batch. */
  public int rows() {
    return rows;
  }

  /** Where attention finds each sequence. */
  public Segments segments() {
    return segments;
  }

  /** [rows] where each row's key and value go. */
  public Tensor rowSlots() {
    return rowSlots;
  }

  List<Run> runs() {
    return runs;
  }

  /** Rows whose keys and values go to the pool. */
  int keptRows() {
    return runs.stream().filter(run -> !run.passes()).mapToInt(Run::count).sum();
  }

  List<Copy> loads() {
    return loads;
  }

  /**
   * Those of a layer that attends to an earlier one's, which has the batch's own tokens as well.
   */
  List<Copy> loads(boolean shared) {
    return shared ? loadsOfAll : loads;
  }

  /** Slots up to the last that is loaded. */
  int loadedSlots(boolean shared) {
    return loads(shared).stream().mapToInt(copy -> copy.slot() + copy.tokens()).max().orElse(0);
  }

  /** The pool's segment, where kernels use it in place, or {@link #PASSING}. */
  int segment() {
    return segment;
  }

  /** Whether the keys and values of one of its tokens are made by an earlier batch of the sweep. */
  boolean follows(KvBatch before) {
    Run last = before.runs.get(before.runs.size() - 1);
    Run first = runs.get(0);
    return !last.passes()
        && !first.passes()
        && last.begin() == first.begin()
        && first.position() == last.end();
  }

  @Override
  public void close() {
    holdings.close();
  }
}
