package dev.strata.udfs.transformer;

import dev.strata.udfs.kv.StateFormat;
import dev.strata.udfs.model.Buffer;
import dev.strata.udfs.model.LatentHeads;
import dev.strata.udfs.model.RoutingSpec;
import dev.strata.udfs.model.Stage;
import dev.strata.udfs.model.Step;
import dev.strata.udfs.tensor.AttentionKernels;
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
  private final int expert;
  private final BufferSlots slots;
  private final Positions positions;

  StagePass(Transformer model, int layer, Stage stage, Positions positions) {
    this.model = model;
    this.layer = layer;
    this.steps = stage.steps();
    this.expert = stage.expert();
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
    while (first > 0 && steps.get(first - 1).streamed() == null) {
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
    } else if (step instanceof Step.NormInPlace norm) {
      normInPlace(norm, block);
    } else if (step instanceof Step.LatentQueries queries) {
      latentQueries(queries, block);
    } else if (step instanceof Step.LatentKey key) {
      latentKey(key, block);
    } else if (step instanceof Step.Recur recur) {
      recur(recur, block);
    } else if (step instanceof Step.GateNormed gate) {
      gateNormed(gate, block);
    } else if (step instanceof Step.TakeQueries take) {
      takeQueries(take, block);
    } else if (step instanceof Step.GateHeads gate) {
      gateHeads(gate, block);
    } else if (step instanceof Step.Weigh weigh) {
      weigh(weigh, block);
    } else if (step instanceof Step.Clamp clamp) {
      clamp(clamp, block);
    } else if (step instanceof Step.Keep keep) {
      keep(keep, block);
    } else if (step instanceof Step.Route route) {
      route(route, block);
    } else if (step instanceof Step.Gather gather) {
      gather(gather, block);
    } else if (step instanceof Step.Combine combine) {
      combine(combine, block);
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

  private void normInPlace(Step.NormInPlace norm, BlockState block) {
    Tensor x = buffer(norm.target());
    model
        .compute()
        .run(
            "norm",
            () ->
                model
                    .kernels()
                    .normRows(x, 0, tokens(block), model.vector(norm.weight()), norm.epsilon(), x));
  }

  private void latentQueries(Step.LatentQueries queries, BlockState block) {
    model
        .compute()
        .run(
            "latent",
            () ->
                model
                    .kernels()
                    .attention()
                    .latentQueries(
                        buffer(queries.source()),
                        block.tokens(),
                        latent(queries.heads()),
                        buffer(queries.target())));
  }

  private void latentKey(Step.LatentKey key, BlockState block) {
    model
        .compute()
        .run(
            "latent",
            () ->
                model
                    .kernels()
                    .attention()
                    .latentKey(
                        buffer(key.source()),
                        block.tokens(),
                        latent(key.heads()),
                        model.vector(key.norm()),
                        key.epsilon(),
                        buffer(key.target())));
  }

  private static AttentionKernels.Latent latent(LatentHeads heads) {
    return new AttentionKernels.Latent(
        heads.heads(), heads.plain(), heads.rotated(), heads.value(), heads.latent());
  }

  private void recur(Step.Recur recur, BlockState block) throws IOException {
    new RecurrencePass(model, layer, recur.recurrence())
        .run(block.block(), buffer(recur.source()), buffer(recur.target()));
  }

  private void gateNormed(Step.GateNormed gate, BlockState block) {
    model
        .compute()
        .run(
            "gate",
            () ->
                model
                    .rules()
                    .gateNormed(
                        buffer(gate.source()),
                        block.tokens(),
                        StateFormat.widths(gate.recurrence()),
                        model.vector(gate.norm()),
                        gate.epsilon(),
                        buffer(gate.target())));
  }

  private void takeQueries(Step.TakeQueries take, BlockState block) {
    model
        .compute()
        .run(
            "gate",
            () ->
                model
                    .rules()
                    .takeQueries(
                        buffer(take.source()),
                        block.tokens(),
                        take.heads(),
                        take.headDim(),
                        buffer(take.target())));
  }

  private void gateHeads(Step.GateHeads gate, BlockState block) {
    model
        .compute()
        .run(
            "gate",
            () ->
                model
                    .rules()
                    .gateHeads(
                        buffer(gate.source()),
                        block.tokens(),
                        gate.heads(),
                        gate.headDim(),
                        buffer(gate.target())));
  }

  private void weigh(Step.Weigh weigh, BlockState block) {
    model
        .compute()
        .run(
            "weigh",
            () ->
                model
                    .kernels()
                    .weighRows(buffer(weigh.source()), tokens(block), buffer(weigh.target())));
  }

  private void clamp(Step.Clamp clamp, BlockState block) {
    model
        .compute()
        .run(
            "clamp",
            () ->
                model
                    .kernels()
                    .clampGates(
                        buffer(clamp.source()),
                        tokens(block),
                        clamp.alpha(),
                        clamp.limit(),
                        buffer(clamp.target())));
  }

  private void keep(Step.Keep keep, BlockState block) {
    model
        .compute()
        .run(
            "keep",
            () ->
                model
                    .kernels()
                    .copy(buffer(keep.source()), 0, block.tokens(), block.kept(), block.row()));
  }

  private void route(Step.Route route, BlockState block) {
    RoutingSpec routing = route.routing();
    model
        .compute()
        .run(
            "route",
            () ->
                model
                    .choices()
                    .choose(
                        buffer(route.source()),
                        block.block(),
                        routing,
                        model.vector(routing.correction())));
  }

  private void gather(Step.Gather gather, BlockState block) {
    TokenBlock tokens = block.block();
    model
        .compute()
        .run(
            "gather",
            () ->
                model
                    .kernels()
                    .experts()
                    .gatherRows(
                        block.kept(),
                        model.choices().chosen(gather.expert(), tokens),
                        tokens.first(),
                        block.row(),
                        buffer(gather.target())));
  }

  private void combine(Step.Combine combine, BlockState block) {
    TokenBlock tokens = block.block();
    model
        .compute()
        .run(
            "combine",
            () ->
                model
                    .kernels()
                    .experts()
                    .combineRows(
                        buffer(combine.source()),
                        model.choices().chosen(combine.expert(), tokens),
                        model.choices().weights(),
                        tokens.first(),
                        block.row(),
                        block.hidden()));
  }

  /** Rows of buffers that are in use: of all tokens, or of those that chose the expert. */
  private int tokens(BlockState block) {
    return expert < 0 ? block.tokens() : model.choices().count(expert, block.block());
  }

  /** What a product is called, in every layer. */
  public String label(int product) {
    return steps.get(product).label();
  }

  /**
   * The product with one tile.
   *
   * @param product its place among the stage's steps
   * @param firstRow the tile's first row in its matrix
   * @param tile [rows, columns]
   */
  public void apply(int product, int firstRow, Tensor tile, BlockState block) {
    Kernels kernels = model.kernels();
    int n = tokens(block);
    if (steps.get(product) instanceof Step.LatentProduct latent) {
      kernels
          .attention()
          .latentProduct(
              buffer(latent.source()),
              n,
              latent(latent.heads()),
              latent.ofQueries(),
              tile,
              firstRow,
              buffer(latent.target()));
      return;
    }
    Step.Product step = (Step.Product) steps.get(product);
    Tensor x = buffer(step.source());
    Tensor bias = model.vector(step.bias());
    switch (step.use()) {
      case STORE -> store(step, n, firstRow, tile);
      case MULTIPLY ->
          kernels
              .products()
              .multiplyProduct(x, n, tile, bias, firstRow, buffer(step.target().buffer()));
      case ADD ->
          kernels.products().addProduct(x, n, tile, bias, firstRow, block.hidden(), block.row());
    }
  }

  private void store(Step.Product step, int n, int firstRow, Tensor tile) {
    Kernels kernels = model.kernels();
    Tensor x = buffer(step.source());
    Tensor bias = model.vector(step.bias());
    Tensor target = buffer(step.target().buffer());
    if (step.transposed()) {
      kernels.products().transposedProduct(x, n, tile, bias, firstRow, target);
      return;
    }
    switch (step.activation()) {
      case NONE ->
          kernels
              .products()
              .storeProduct(
                  x, n, tile, bias, firstRow, target, (long) step.target().first() + firstRow);
      case SILU -> kernels.products().storeSiluProduct(x, n, tile, bias, firstRow, target);
      case GELU_TANH -> kernels.products().storeGeluProduct(x, n, tile, bias, firstRow, target);
    }
  }

  private Tensor buffer(Buffer buffer) {
    return model.activations().buffer(slots.slotOf(buffer), buffer.width());
  }
}
