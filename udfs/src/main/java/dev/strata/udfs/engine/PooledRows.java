package dev.strata.udfs.engine;

import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;
import dev.strata.udfs.transformer.BlockState;
import dev.strata.udfs.transformer.Transformer;
import java.util.List;

/** Sums of the last hidden states of rows that ask for them, normed. */
final class PooledRows implements AutoCloseable {

  private static final String OWNER = "head";

  private final ComputeDevice device;
  private final Transformer transformer;
  private final List<SweepRun> runs;
  private final int hiddenSize;
  // [runs, hidden] float32
  private final Tensor sums;

  PooledRows(ComputeDevice device, Transformer transformer, List<SweepRun> runs, int hiddenSize) {
    this.device = device;
    this.transformer = transformer;
    this.runs = runs;
    this.hiddenSize = hiddenSize;
    this.sums = runs.isEmpty() ? device.none() : zeros();
  }

  private Tensor zeros() {
    Tensor zeros = device.allocate(OWNER, NumberType.FLOAT32, runs.size(), hiddenSize);
    try {
      device.kernels().clear(zeros);
      return zeros;
    } catch (Throwable e) {
      Holdings.closeAfter(e, zeros);
      throw e;
    }
  }

  /** Takes the rows that are in a block, after its last layer. */
  void pick(BlockState block) {
    int begin = block.block().first();
    int end = begin + block.block().tokens();
    for (int i = 0; i < runs.size(); i++) {
      SweepRun run = runs.get(i);
      int wanted = run.sequence().reading().pooledFrom() - run.position();
      int from = Math.max(begin, run.first() + Math.max(0, wanted));
      int to = Math.min(end, run.first() + run.count());
      if (from < to) {
        transformer.pool(block, from - begin, to - from, sums, i);
      }
    }
  }

  /** What was summed, when all blocks were picked from. */
  float[] sums() {
    return runs.isEmpty() ? new float[0] : device.kernels().toFloats(sums);
  }

  /** Hands the sums to their rows. */
  void deliver(float[] values) {
    for (int i = 0; i < runs.size(); i++) {
      runs.get(i).sequence().reading().add(values, i * hiddenSize);
    }
  }

  @Override
  public void close() {
    if (!runs.isEmpty()) {
      sums.close();
    }
  }
}
