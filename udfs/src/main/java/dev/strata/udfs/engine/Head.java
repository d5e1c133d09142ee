package dev.strata.udfs.engine;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Rounding;
import dev.strata.udfs.tensor.Tensor;
import dev.strata.udfs.transformer.HeadPass;
import dev.strata.udfs.transformer.Transformer;
import java.util.List;

/** What comes after the last layer: the tokens that choose, their logits, the choice. */
final class Head implements AutoCloseable {

  private static final String LOGITS = "logits";

  private final ComputeDevice device;
  private final Transformer transformer;
  private final int hiddenSize;
  // [logitRows, vocabulary] float32 on the host
  private final Tensor logits;
  private final TokenChooser chooser;

  /**
   * @param logitRows the most tokens of a sweep whose logits are kept in full
   */
  Head(ComputeDevice device, Transformer transformer, DecoderSpec spec, int logitRows) {
    this.device = device;
    this.transformer = transformer;
    this.hiddenSize = spec.hiddenSize();
    this.logits = device.allocateHost(LOGITS, NumberType.FLOAT32, logitRows, spec.vocabSize());
    try {
      this.chooser = new TokenChooser(spec.vocabSize(), logits.buffer().asFloatBuffer());
    } catch (Throwable e) {
      Holdings.closeAfter(e, logits);
      throw e;
    }
  }

  /** What logits take that are kept in full. */
  static Footprint logits(int rows, int vocabSize, boolean pinned) {
    return Footprint.host(LOGITS, Rounding.host((long) rows * vocabSize * Float.BYTES, pinned));
  }

  /** Room for the input of the head of a sweep's tokens. */
  HeadRows rows(List<SweepSchedule.HeadRow> rows) {
    return new HeadRows(device, transformer, rows, hiddenSize);
  }

  /** Room for the sums of last hidden states. */
  PooledRows pooled(List<SweepRun> runs) {
    return new PooledRows(device, transformer, runs, hiddenSize);
  }

  HeadPass pass(HeadRows rows) {
    return transformer.head(rows.normed(), logits, rows.logitRows(), rows.targets());
  }

  /** Appends a token to every sequence that chooses one, and returns how many did. */
  int choose(HeadRows rows, HeadPass pass) {
    return chooser.choose(rows.rows(), pass);
  }

  /** Tokens chosen greedily with less than 1e-3 between the best and the second logit. */
  long lowMargins() {
    return chooser.lowMargins();
  }

  @Override
  public void close() {
    logits.close();
  }
}
