package dev.strata.udfs.transformer;

import dev.strata.udfs.kv.KvPool;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.LayerSpec;
import dev.strata.udfs.model.WeightRole;
import dev.strata.udfs.tensor.Kernels;
import dev.strata.udfs.tensor.Tensor;

/**
 * {@code hidden += attention(norm(hidden))}, keys and values of the block's tokens entering the
 * pool on the way.
 */
final class AttentionPass implements StagePass {

  private final Transformer model;
  private final int layer;
  private final TokenPlaces places;

  AttentionPass(Transformer model, int layer, TokenPlaces places) {
    this.model = model;
    this.layer = layer;
    this.places = places;
  }

  @Override
  public void before(WeightRole matrix, TokenBlock block) {
    switch (matrix) {
      case QUERY -> model.normBlock(WeightRole.ATTENTION_NORM, layer, block);
      case ATTENTION_OUTPUT -> attend(block);
      default -> {}
    }
  }

  private void attend(TokenBlock block) {
    DecoderSpec spec = model.spec();
    LayerSpec layerSpec = spec.layers().get(layer);
    Kernels kernels = model.kernels();
    KvPool pool = model.pool();
    Activations buffers = model.activations();
    try (Tensor queries =
        kernels.enterPool(
            buffers.queryKeyValue,
            block.tokens(),
            block.first(),
            spec.heads(),
            places.rotations(layerSpec.rope()),
            model.vector(WeightRole.QUERY_NORM, layer),
            model.vector(WeightRole.KEY_NORM, layer),
            spec.normEpsilon(),
            places.slots(),
            pool.keys(layer),
            pool.values(layer))) {
      kernels.attend(
          queries,
          pool.keys(layer),
          pool.values(layer),
          block.segments(),
          layerSpec.window(),
          1 / Math.sqrt(spec.headDim()),
          buffers.attended);
    }
  }

  @Override
  public void apply(WeightRole matrix, int firstRow, Tensor tile, TokenBlock block) {
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
                  model.activations().hidden,
                  block.first());
      default -> throw new IllegalArgumentException(matrix + " is not of the attention stage");
    }
  }

  private void store(WeightRole bias, int column, int firstRow, Tensor tile, TokenBlock block) {
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
