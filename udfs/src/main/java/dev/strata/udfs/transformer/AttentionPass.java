package dev.strata.udfs.transformer;

import dev.strata.udfs.kv.KvBatch;
import dev.strata.udfs.kv.KvMemory;
import dev.strata.udfs.model.AttentionSpec;
import dev.strata.udfs.tensor.AttentionKernels;
import dev.strata.udfs.tensor.Tensor;
import java.io.IOException;

/** A layer's attention, keys and values of the block's tokens entering the pool on the way. */
final class AttentionPass {

  private final Transformer model;
  private final int layer;
  private final AttentionSpec attention;
  private final Positions positions;

  AttentionPass(Transformer model, int layer, AttentionSpec attention, Positions positions) {
    this.model = model;
    this.layer = layer;
    this.attention = attention;
    this.positions = positions;
  }

  /**
   * Batch by batch.
   *
   * @param queryKeyValue [block's tokens, (heads + 2 · kvHeads) · headDim], of queries alone where
   *     keys and values are another layer's; overwritten
   * @param attended [block's tokens, heads · headDim]
   * @throws IOException if keys and values cannot be brought
   */
  void run(TokenBlock block, Tensor queryKeyValue, Tensor attended) throws IOException {
    for (KvBatch batch : block.batches()) {
      try (KvMemory.Access access = model.kv().open(layer, batch)) {
        model
            .compute()
            .run("attention", () -> attend(block, batch, access, queryKeyValue, attended));
      }
    }
  }

  private void attend(
      TokenBlock block,
      KvBatch batch,
      KvMemory.Access access,
      Tensor queryKeyValue,
      Tensor attended) {
    try (Tensor queries = enter(block, batch, access, queryKeyValue)) {
      model
          .kernels()
          .attention()
          .attend(
              queries,
              access.kv(),
              batch.segments(),
              new AttentionKernels.Scores(
                  attention.window(),
                  attention.scale(),
                  attention.softCap(),
                  model.vector(attention.sinks())),
              attended,
              batch.firstRow());
    }
  }

  private Tensor enter(
      TokenBlock block, KvBatch batch, KvMemory.Access access, Tensor queryKeyValue) {
    return attention.sharesKeys()
        ? enterQueries(block, batch, queryKeyValue)
        : enterAll(block, batch, access, queryKeyValue);
  }

  private Tensor enterQueries(TokenBlock block, KvBatch batch, Tensor queries) {
    return model
        .kernels()
        .attention()
        .enterQueries(
            queries,
            batch.firstRow(),
            batch.rows(),
            attention.heads(),
            attention.headDim(),
            positions.rotation(attention.rope()),
            block.first() + batch.firstRow(),
            model.vector(attention.queryNorm()),
            attention.normEpsilon());
  }

  private Tensor enterAll(
      TokenBlock block, KvBatch batch, KvMemory.Access access, Tensor queryKeyValue) {
    return model
        .kernels()
        .attention()
        .enter(
            queryKeyValue,
            batch.firstRow(),
            batch.rows(),
            attention.heads(),
            positions.rotation(attention.rope()),
            block.first() + batch.firstRow(),
            model.vector(attention.queryNorm()),
            model.vector(attention.keyNorm()),
            attention.normEpsilon(),
            AttentionKernels.KeptValues.valueOf(attention.values().name()),
            batch.rowSlots(),
            access.fresh(),
            access.kv());
  }
}
