package dev.strata.udfs.transformer;

import dev.strata.udfs.model.Buffer;
import dev.strata.udfs.model.Stage;
import dev.strata.udfs.model.Step;
import dev.strata.udfs.tensor.Kernels;
import dev.strata.udfs.tensor.Tensor;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * The computation of several experts of a layer at once: their tokens are gathered together, each
 * expert's padded to as many rows, and each product is one of all their matrices. On a GPU, a call
 * for each expert and step takes longer than what it does.
 */
public final class ExpertBatch {

  /**
   * Experts that are computed at once.
   *
   * @param experts each was chosen by a token of the block
   * @param at where the first of them is in what {@link Choices#bound} was given
   * @param rows of each
   */
  public record Part(List<Integer> experts, int at, int rows) {

    public Part {
      experts = List.copyOf(experts);
    }
  }

  private final Transformer model;
  private final List<Step> steps;
  private final BufferSlots slots;

  ExpertBatch(Transformer model, Stage expert) {
    this.model = model;
    this.steps = expert.steps();
    this.slots = BufferSlots.of(expert);
  }

  /** Whether an expert's steps can be done for several of them at once. */
  static boolean takes(Stage expert) {
    return expert.steps().stream()
        .allMatch(
            step ->
                step instanceof Step.Gather
                    || step instanceof Step.Combine
                    || (step instanceof Step.Product product && takes(product)));
  }

  private static boolean takes(Step.Product product) {
    return product.bias() == null
        && !product.transposed()
        && product.use() != Step.Use.ADD
        && product.target().count() == product.target().buffer().width();
  }

  /** Rows that a batch takes for each expert, the most of which has so many. */
  public int paddedRows(int most) {
    return model.kernels().paddedRows(most);
  }

  /** The most rows of all experts of a batch. */
  public int mostRows() {
    return model.activations().rows();
  }

  /**
   * Runs all steps.
   *
   * @param matrices of a product, by its place among the products: [experts, rows, columns]
   */
  public void run(Part part, IntFunction<Tensor> matrices, BlockState block) {
    Kernels kernels = model.kernels();
    TokenBlock tokens = block.block();
    Kernels.ChosenOfExperts chosen =
        model.choices().chosen(part.experts(), part.at(), part.rows(), tokens);
    int product = 0;
    for (Step step : steps) {
      if (step instanceof Step.Gather gather) {
        Tensor out = buffer(gather.target());
        lane(
            "gather",
            () -> kernels.gatherExperts(block.kept(), chosen, tokens.first(), block.row(), out));
      } else if (step instanceof Step.Combine combine) {
        Tensor y = buffer(combine.source());
        lane(
            "combine",
            () ->
                kernels.combineExperts(
                    y,
                    chosen,
                    model.choices().weights(),
                    tokens.first(),
                    block.row(),
                    block.hidden()));
      } else {
        int place = product++;
        multiply((Step.Product) step, part.rows(), () -> matrices.apply(place));
      }
    }
  }

  private void multiply(Step.Product step, int rows, Supplier<Tensor> matrices) {
    Tensor x = buffer(step.source());
    Tensor out = buffer(step.target().buffer());
    lane(
        step.label(),
        () -> {
          try (Tensor w = matrices.get()) {
            model.kernels().expertProducts(x, rows, w, use(step), out);
          }
        });
  }

  private static Kernels.ExpertUse use(Step.Product step) {
    if (step.use() == Step.Use.MULTIPLY) {
      return Kernels.ExpertUse.MULTIPLY;
    }
    return switch (step.activation()) {
      case NONE -> Kernels.ExpertUse.STORE;
      case SILU -> Kernels.ExpertUse.STORE_SILU;
      case GELU_TANH -> Kernels.ExpertUse.STORE_GELU;
    };
  }

  private void lane(String label, Runnable work) {
    model.compute().run(label, work);
  }

  private Tensor buffer(Buffer buffer) {
    return model.activations().buffer(slots.slotOf(buffer), buffer.width());
  }
}
