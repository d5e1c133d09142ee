package dev.strata.udfs.transformer;

import dev.strata.udfs.model.Buffer;
import dev.strata.udfs.model.Stage;
import dev.strata.udfs.model.Step;
import dev.strata.udfs.tensor.Kernels;
import dev.strata.udfs.tensor.Tensor;
import java.io.IOException;
import java.util.List;

/**
 * The computation of one stage of one layer. For each block, {@link #before} is called ahead of a
 * product's first tile and {@link #apply} for each of its tiles, product after product in the order
 * in which the store streams them; {@link #after} at last.
 */
public final class StagePass {

  private final Transformer model;
  private final int layer;
  private final List<Step> steps;
  private final BufferSlots slots;
  private final Positions positions;

  StagePass(Transformer model, int layer, Stage stage, Positions positions) {
    this.model = model;
    this.layer = layer;
    this.steps = stage.steps();
    this.slots = BufferSlots.of(stage);
    this.positions = positions;
  }

  /**
   * The steps between a product and the one before it.
   *
   * @param product its place among the stage's steps
   * @throws IOException if keys and values cannot be brought
   */
  public void before(int product, BlockState block) throws IOException {
    int first = product;
    while (first > 0 && !(steps.get(first - 1) instanceof Step.Product)) {
      first--;
    }
    for (Step step : steps.subList(first, product)) {
      run(step, block);
    }
  }

  /**
   * The steps behind the last product.
   *
   * @throws IOException if keys and values cannot be brought
   */
  public void after(BlockState block) throws IOException {
    before(steps.size(), block);
  }

  private void run(Step step, BlockState block) throws IOException {
    if (step instanceof Step.Norm norm) {
      norm(norm, block);
    } else if (step instanceof Step.Attend attend) {
      attend(attend, block);
    } else if (step instanceof Step.Add add) {
      add(add, block);
    } else if (step instanceof Step.Scale scale) {
      scale(scale, block);
    } else if (step instanceof Step.Carry carry) {
      carry(carry, block);
    } else if (step instanceof Step.MultiplyCarried multiply) {
      multiplyCarried(multiply, block);
    } else {
      throw new IllegalArgumentException("tiles are missing for " + step);
    }
  }

  private void norm(Step.Norm norm, BlockState block) {
    model
        .compute()
        .run(
            "norm",
            () ->
                model
                    .kernels()
                    .normRows(
                        block.hidden(),
                        block.row(),
                        block.tokens(),
                        model.vector(norm.weight()),
                        norm.epsilon(),
                        buffer(norm.target())));
  }

  private void add(Step.Add add, BlockState block) {
    model
        .compute()
        .run(
            "add",
            () ->
                model
                    .kernels()
                    .addRows(
                        buffer(add.source()),
                        block.tokens(),
                        model.vector(add.norm()),
                        add.epsilon(),
                        add.scale(),
                        block.hidden(),
                        block.row()));
  }

  private void scale(Step.Scale scale, BlockState block) {
    Tensor factor = model.vector(scale.factor());
    model
        .compute()
        .run(
            "scale",
            () -> model.kernels().scaleRows(block.hidden(), block.row(), block.tokens(), factor));
  }

  private void carry(Step.Carry carry, BlockState block) {
    model
        .compute()
        .run(
            "carry",
            () ->
                model
                    .kernels()
                    .carry(
                        buffer(carry.source()),
                        block.tokens(),
                        model.vector(carry.norm()),
                        carry.epsilon(),
                        carry.scale(),
                        block.carried(),
                        block.row()));
  }

  private void multiplyCarried(Step.MultiplyCarried multiply, BlockState block) {
    Tensor x = buffer(multiply.target());
    model
        .compute()
        .run(
            "carry",
            () ->
                model
                    .kernels()
                    .multiplyCarried(
                        x, block.tokens(), block.carried(), block.row(), multiply.first()));
  }

  private void attend(Step.Attend attend, BlockState block) throws IOException {
    new AttentionPass(model, layer, attend.attention(), positions)
        .run(block.block(), buffer(attend.source()), buffer(attend.target()));
  }

  /** What a product is called, in every layer. */
  public String label(int product) {
    return ((Step.Product) steps.get(product)).name();
  }

  /**
   * The product with one tile.
   *
   * @param product its place among the stage's steps
   * @param firstRow the tile's first row in its matrix
   * @param tile [rows, columns]
   */
  public void apply(int product, int firstRow, Tensor tile, BlockState block) {
    Step.Product step = (Step.Product) steps.get(product);
    Kernels kernels = model.kernels();
    Tensor x = buffer(step.source());
    Tensor bias = model.vector(step.bias());
    int n = block.tokens();
    switch (step.use()) {
      case STORE -> store(step, n, firstRow, tile);
      case MULTIPLY ->
          kernels.multiplyProduct(x, n, tile, bias, firstRow, buffer(step.target().buffer()));
      case ADD -> kernels.addProduct(x, n, tile, bias, firstRow, block.hidden(), block.row());
    }
  }

  private void store(Step.Product step, int n, int firstRow, Tensor tile) {
    Kernels kernels = model.kernels();
    Tensor x = buffer(step.source());
    Tensor bias = model.vector(step.bias());
    Tensor target = buffer(step.target().buffer());
    switch (step.activation()) {
      case NONE ->
          kernels.storeProduct(
              x, n, tile, bias, firstRow, target, (long) step.target().first() + firstRow);
      case SILU -> kernels.storeSiluProduct(x, n, tile, bias, firstRow, target);
      case GELU_TANH -> kernels.storeGeluProduct(x, n, tile, bias, firstRow, target);
    }
  }

  private Tensor buffer(Buffer buffer) {
    return model.activations().buffer(slots.slotOf(buffer), buffer.width());
  }
}
