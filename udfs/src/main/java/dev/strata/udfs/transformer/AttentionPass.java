package dev.strata.udfs.transformer;

import dev.strata.udfs.kv.KvBatch;
import dev.strata.udfs.kv.KvMemory;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.WeightRole;
import dev.strata.udfs.tensor.Tensor;
import java.io.IOException;

/**
 * {@code hidden += attention(norm(hidden))}, keys and values of the block's tokens entering the
 * pool on the way.
 */
final class AttentionPass implements StagePass {

  private final Transformer model;
  private final int layer;
  private final Positions positions;

  AttentionPass(Transformer model, int layer, Positions positions) {
    this.model = model;
    this.layer = layer;
    this.positions = positions;
  }

  @Override
  public void before(WeightRole matrix, BlockState block) throws IOException {
    switch (matrix) {
      case QUERY -> model.normBlock(WeightRole.ATTENTION_NORM, layer, block);
      case ATTENTION_OUTPUT -> {
        for (KvBatch batch : block.block().batches()) {
          attend(block.block(), batch);
        }
      }
      default -> {}
    }
  }

  private void attend(TokenBlock block, KvBatch batch) throws IOException {
    try (KvMemory.Access access = model.kv().open(layer, batch)) {
      model.compute().run("attention", () -> attend(block, batch, access));
    }
  }

  private void attend(TokenBlock block, KvBatch batch, KvMemory.Access access) {
    DecoderSpec spec = model.spec();
    try (Tensor queries = enter(block, batch, access)) {
      model
          .kernels()
          .attend(
              queries,
              access.kv(),
              batch.segments(),
              spec.layers().get(layer).window(),
              1 / Math.sqrt(spec.headDim()),
              model.activations().attended,
              batch.firstRow());
    }
  }

  private Tensor enter(TokenBlock block, KvBatch batch, KvMemory.Access access) {
    DecoderSpec spec = model.spec();
    return model
        .kernels()
        .enter(
            model.activations().queryKeyValue,
            batch.firstRow(),
            batch.rows(),
            spec.heads(),
            positions.rotation(spec.layers().get(layer).rope()),
            block.first() + batch.firstRow(),
            model.vector(WeightRole.QUERY_NORM, layer),
            model.vector(WeightRole.KEY_NORM, layer),
            spec.normEpsilon(),
            batch.rowSlots(),
            access.fresh(),
            access.kv());
  }

  @Override
  public void apply(WeightRole matrix, int firstRow, Tensor tile, BlockState block) {
    DecoderSpec spec = model.spec();
    switch (matrix) {
      case QUERY -> store(WeightRole.QUERY_BIAS, 0, firstRow, tile, block);
      case KEY -> store(WeightRole.KEY_BIAS, spec.queryWidth(), firstRow, tile, block);
      case VALUE ->
          store(
              WeightRole.VALUE_BIAS,
              spec.queryWidth() + spec.keyValueWidth(),
              firstRow,
              tile,
              block);
      case ATTENTION_OUTPUT ->
          model
              .kernels()
              .addProduct(
                  model.activations().attended,
                  block.tokens(),
                  tile,
                  model.vector(WeightRole.ATTENTION_OUTPUT_BIAS, layer),
                  firstRow,
                  block.hidden(),
                  block.row());
      default -> throw new IllegalArgumentException(matrix + " is not of the attention stage");
    }
  }

  private void store(WeightRole bias, int column, int firstRow, Tensor tile, BlockState block) {
    Activations buffers = model.activations();
    model
        .kernels()
        .storeProduct(
            buffers.normed,
            block.tokens(),
            tile,
            model.vector(bias, layer),
            firstRow,
            buffers.queryKeyValue,
            column + firstRow);
  }
}
