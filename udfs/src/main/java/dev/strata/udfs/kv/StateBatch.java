package dev.strata.udfs.kv;

import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.RecurrentRows;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Sequences of a micro-batch whose states are brought at once, longer runs first. Made once for a
 * sweep, used in every layer that recurs.
 */
public final class StateBatch implements AutoCloseable {

  /** Stands for a place where a sequence has not begun. */
  public static final int NOT_BEGUN = -1;

  private static final String OWNER = "sequences of recurrences";

  /** A run, its copies and its share of lists. */
  private static final int RUN_BYTES = 256;

  /** Where a token's row is, where it is convolved, and where it is among chunks. */
  private static final int TOKEN_INDEXES = 3;

  /**
   * A sequence's part.
   *
   * @param from the place of the state that it starts from; {@link #NOT_BEGUN} for zeros
   * @param to the place that the state goes to
   * @param row its first token in the micro-batch
   * @param count its tokens
   */
  public record Run(int from, int to, int row, int count) {}

  /** Places side by side in the pool and in the memory that kernels see. */
  record Copy(int segment, int begin, int slot, int count) {}

  private final List<Run> runs;
  private final RecurrentRows rows;
  private final List<Copy> loads;
  private final List<Copy> zeros;
  private final List<Copy> stores;

  private StateBatch(StatePool pool, List<Run> runs) {
    this.runs = runs;
    this.rows =
        new RecurrentRows(
            runs.stream().mapToInt(Run::row).toArray(),
            runs.stream().mapToInt(Run::count).toArray());
    this.loads = new ArrayList<>();
    this.zeros = new ArrayList<>();
    this.stores = new ArrayList<>();
    for (int slot = 0; slot < runs.size(); slot++) {
      Run run = runs.get(slot);
      if (run.from() == NOT_BEGUN) {
        add(zeros, new Copy(0, slot, slot, 1));
      } else {
        add(loads, copy(pool, run.from(), slot));
      }
      add(stores, copy(pool, run.to(), slot));
    }
  }

  private static Copy copy(StatePool pool, int place, int slot) {
    int segment = pool.segmentOf(place);
    return new Copy(segment, place - pool.beginOf(segment), slot, 1);
  }

  /** One copy for neighbours. */
  private static void add(List<Copy> copies, Copy next) {
    Copy last = copies.isEmpty() ? null : copies.get(copies.size() - 1);
    if (last != null
        && last.segment() == next.segment()
        && last.begin() + last.count() == next.begin()
        && last.slot() + last.count() == next.slot()) {
      int together = last.count() + next.count();
      copies.set(copies.size() - 1, new Copy(last.segment(), last.begin(), last.slot(), together));
    } else {
      copies.add(next);
    }
  }

  /**
   * What all batches of a sweep take besides states.
   *
   * @param runs sequences; one that goes on in the next micro-batch counts again
   * @param kernel tokens that convolutions see
   */
  public static Footprint footprint(int runs, int tokens, int kernel) {
    long indexes = (long) TOKEN_INDEXES * tokens + 2L * (kernel - 1) * runs;
    return Footprint.sum(
        Footprint.device(OWNER, indexes * Long.BYTES),
        Footprint.heap(OWNER, (long) runs * RUN_BYTES));
  }

  /** Cuts a micro-batch's sequences into batches. */
  public static final class Cutter {

    private final StatePool pool;
    private final int slotRows;

    /**
     * @param slotRows the most sequences whose states are brought at once
     */
    public Cutter(StatePool pool, int slotRows) {
      this.pool = pool;
      this.slotRows = slotRows;
    }

    /**
     * Cuts a micro-batch.
     *
     * @param runs its sequences; no batch where sequences have no states
     */
    public List<StateBatch> cut(List<Run> runs) {
      List<StateBatch> batches = new ArrayList<>();
      if (pool.format().isEmpty()) {
        return batches;
      }
      for (int first = 0; first < runs.size(); ) {
        List<Run> part = runs.subList(first, end(runs, first));
        first += part.size();
        batches.add(
            new StateBatch(
                pool,
                part.stream()
                    .sorted(
                        Comparator.comparing(Run::count, Comparator.reverseOrder())
                            .thenComparing(Run::to))
                    .toList()));
      }
      return batches;
    }

    /** Runs of one place, as continuations of a row have, go one after the other. */
    private int end(List<Run> runs, int first) {
      Set<Integer> places = new HashSet<>();
      int end = first;
      while (end < runs.size() && end - first < slotRows && places.add(runs.get(end).to())) {
        end++;
      }
      return end;
    }
  }

  /**
   * Brings what kernels need of the batch to the device; closing the batch lets it go, also where
   * that failed half-way.
   *
   * @param kernel tokens that convolutions see
   * @param chunks the most chunks of tokens that kernels take at once
   */
  public void upload(ComputeDevice device, int kernel, int chunks) {
    rows.upload(device, kernel, chunks);
  }

  /** The sequences' rows in their micro-batch. */
  public RecurrentRows rows() {
    return rows;
  }

  List<Run> runs() {
    return runs;
  }

  List<Copy> loads() {
    return loads;
  }

  /** Slots of sequences that have not begun; {@code begin} has no meaning. */
  List<Copy> zeros() {
    return zeros;
  }

  List<Copy> stores() {
    return stores;
  }

  @Override
  public void close() {
    rows.close();
  }
}
