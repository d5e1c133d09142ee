package dev.strata.udfs.transformer;

import dev.strata.udfs.kv.StateBatch;
import dev.strata.udfs.kv.StateFormat;
import dev.strata.udfs.kv.StateMemory;
import dev.strata.udfs.model.RecurrenceSpec;
import dev.strata.udfs.tensor.DeltaRules;
import dev.strata.udfs.tensor.Tensor;
import java.io.IOException;

/** A layer's delta rule, the states of the block's sequences going on with their tokens. */
final class RecurrencePass {

  private final Transformer model;
  private final int layer;
  private final RecurrenceSpec rule;

  RecurrencePass(Transformer model, int layer, RecurrenceSpec rule) {
    this.model = model;
    this.layer = layer;
    this.rule = rule;
  }

  /**
   * Batch by batch.
   *
   * @param mixed [block's tokens, width], [q, k, v, z, b, a]
   * @param out [block's tokens, valueHeads · valueDim]
   * @throws IOException if states cannot be brought
   */
  void run(TokenBlock block, Tensor mixed, Tensor out) throws IOException {
    DeltaRules.Weights weights =
        new DeltaRules.Weights(
            model.vector(rule.convolution()),
            model.vector(rule.decay()),
            model.vector(rule.shift()));
    for (StateBatch batch : block.states()) {
      try (StateMemory.Access access = model.states().open(layer, batch)) {
        model
            .compute()
            .run(
                "delta rule",
                () ->
                    model
                        .rules()
                        .recur(
                            mixed,
                            batch.rows(),
                            StateFormat.widths(rule),
                            weights,
                            access.states(),
                            out));
      }
    }
  }
}
