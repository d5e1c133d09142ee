package dev.strata.udfs.engine;

import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;
import dev.strata.udfs.transformer.BlockState;
import dev.strata.udfs.transformer.HeadTargets;
import dev.strata.udfs.transformer.Transformer;
import java.util.List;
import java.util.stream.IntStream;

/** The head's input: the last hidden states of the tokens it is computed for, normed. */
final class HeadRows implements AutoCloseable {

  private static final String OWNER = "head";

  private final ComputeDevice device;
  private final Transformer transformer;
  private final List<SweepSchedule.HeadRow> rows;
  private final Tensor normed;

  HeadRows(
      ComputeDevice device,
      Transformer transformer,
      List<SweepSchedule.HeadRow> rows,
      int hiddenSize) {
    this.device = device;
    this.transformer = transformer;
    this.rows = rows;
    this.normed = device.allocate(OWNER, device.computeType(), rows.size(), hiddenSize);
  }

  /** What so many rows take. */
  static Footprint footprint(long rows, int hiddenSize, NumberType type) {
    return Footprint.device(OWNER, rows * hiddenSize * type.bytes());
  }

  boolean isEmpty() {
    return rows.isEmpty();
  }

  List<SweepSchedule.HeadRow> rows() {
    return rows;
  }

  /** [rows, hidden], complete when all blocks were picked from. */
  Tensor normed() {
    return normed;
  }

  /** How many rows, from the first on, need their logits in full. */
  int logitRows() {
    return (int) rows.stream().filter(SweepSchedule.HeadRow::needsLogits).count();
  }

  /** The tokens whose log-probabilities are wanted, after the rows that follow those above. */
  HeadTargets targets() {
    List<int[]> tokens =
        rows.stream()
            .filter(SweepSchedule.HeadRow::isRead)
            .map(SweepSchedule.HeadRow::targets)
            .toList();
    return new HeadTargets(logitRows(), tokens);
  }

  /** Takes the rows that are in a block, after its last layer. */
  void pick(BlockState block) {
    int begin = block.block().first();
    int end = begin + block.block().tokens();
    int[] here =
        IntStream.range(0, rows.size())
            .filter(i -> rows.get(i).token() >= begin && rows.get(i).token() < end)
            .toArray();
    if (here.length == 0) {
      return;
    }
    long[] source =
        IntStream.of(here).mapToLong(i -> block.row() + rows.get(i).token() - begin).toArray();
    try (Tensor from = device.indexes(source);
        Tensor to = device.indexes(IntStream.of(here).asLongStream().toArray())) {
      transformer.normForHead(block.hidden(), from, normed, to);
    }
  }

  @Override
  public void close() {
    normed.close();
  }
}
