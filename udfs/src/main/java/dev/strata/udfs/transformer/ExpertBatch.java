package dev.strata.udfs.transformer;

import dev.strata.udfs.model.Activation;
import dev.strata.udfs.model.Buffer;
import dev.strata.udfs.model.Stage;
import dev.strata.udfs.model.Step;
import dev.strata.udfs.tensor.ExpertKernels;
import dev.strata.udfs.tensor.Kernels;
import dev.strata.udfs.tensor.Tensor;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * The computation of several experts of a layer at once: their tokens are gathered together, each
 * expert's padded to as many rows, and each product is one of all their matrices. On a GPU, a call
 * for each expert and step takes longer than what it does. What they make waits in {@link
 * ExpertResults}.
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
  private final Buffer result;
  private final int mostRows;

  ExpertBatch(Transformer model, Stage expert) {
    this.model = model;
    this.steps = expert.steps();
    this.slots = BufferSlots.of(expert);
    this.result = result(expert);
    this.mostRows =
        slots.slots().keySet().stream()
            .filter(buffer -> !buffer.equals(result))
            .mapToInt(this::rows)
            .reduce(model.results().capacity(), Math::min);
  }

  private static Buffer result(Stage expert) {
    return expert.steps().stream()
        .filter(Step.Combine.class::isInstance)
        .map(Step::source)
        .findFirst()
        .orElseThrow();
  }

  /** Whether the steps of a model's expert can be done for several at once. */
  static boolean takes(Transformer model, Stage expert) {
    return expert.steps().stream()
        .allMatch(
            step ->
                step instanceof Step.Gather
                    || step instanceof Step.Combine
                    || step instanceof Step.Clamp
                    || (step instanceof Step.Product product && takes(model, product)));
  }

  private static boolean takes(Transformer model, Step.Product product) {
    return (product.bias() == null || addsBias(model, product))
        && product.use() != Step.Use.ADD
        && product.target().count() == product.target().buffer().width();
  }

  private static boolean addsBias(Transformer model, Step.Product product) {
    return product.use() == Step.Use.STORE
        && product.activation() == Activation.NONE
        && model.vectors(product.bias()) != null;
  }

  /** Rows that a batch takes for each expert, the most of which has so many. */
  public int paddedRows(int most) {
    return model.kernels().experts().paddedRows(most);
  }

  /** The most rows of all experts of a batch. */
  public int mostRows() {
    return mostRows;
  }

  /** A block begins; what a sweep left that was given up is nothing. */
  public void begin() {
    model.results().forget();
  }

  /** Whether results of so many rows have room beside those that are not combined yet. */
  public boolean hasRoomForResults(int rows) {
    return model.results().hasRoom(rows);
  }

  /**
   * Runs all steps, up to the results that wait for {@link #combine}.
   *
   * @param matrices of a product, by its place among the products: [experts, rows, columns]
   */
  public void run(Part part, IntFunction<Tensor> matrices, BlockState block) {
    Kernels kernels = model.kernels();
    TokenBlock tokens = block.block();
    ExpertKernels.ChosenOfExperts chosen =
        model.choices().chosen(part.experts(), part.at(), part.rows(), tokens);
    try (ExpertKernels.PaddedChoices choices = kernels.experts().padded(chosen)) {
      run(chosen, choices, matrices, block);
    }
  }

  private void run(
      ExpertKernels.ChosenOfExperts chosen,
      ExpertKernels.PaddedChoices choices,
      IntFunction<Tensor> matrices,
      BlockState block) {
    Kernels kernels = model.kernels();
    long first = block.block().first();
    int product = 0;
    for (Step step : steps) {
      if (step instanceof Step.Gather gather) {
        Tensor out = buffer(gather.target());
        lane(
            "gather",
            () -> kernels.experts().gatherExperts(block.kept(), choices, first, block.row(), out));
      } else if (step instanceof Step.Combine) {
        lane("place", () -> model.results().place(choices, first));
      } else if (step instanceof Step.Clamp clamp) {
        Tensor x = buffer(clamp.source());
        Tensor out = buffer(clamp.target());
        lane(
            "clamp",
            () -> kernels.clampGates(x, chosen.allRows(), clamp.alpha(), clamp.limit(), out));
      } else {
        int place = product++;
        multiply((Step.Product) step, chosen, () -> matrices.apply(place));
      }
    }
  }

  private void multiply(
      Step.Product step, ExpertKernels.ChosenOfExperts chosen, Supplier<Tensor> matrices) {
    Kernels kernels = model.kernels();
    Tensor x = buffer(step.source());
    boolean isLast = step.target().buffer().equals(result);
    Tensor out = isLast ? model.results().rows() : buffer(step.target().buffer());
    int first = isLast ? model.results().next() : 0;
    lane(
        step.label(),
        () -> {
          try (Tensor w = matrices.get()) {
            kernels
                .experts()
                .expertProducts(x, chosen.rows(), w, step.transposed(), use(step), out, first);
          }
          if (step.bias() != null) {
            kernels.experts().addBiases(chosen, model.vectors(step.bias()), out, first);
          }
        });
  }

  /**
   * Adds what experts made of the block's tokens to their hidden states.
   *
   * @param chosenExperts of a token in this layer
   */
  public void combine(int chosenExperts, BlockState block) {
    lane("combine", () -> model.results().combine(model.choices(), chosenExperts, block));
  }

  private static ExpertKernels.ExpertUse use(Step.Product step) {
    if (step.use() == Step.Use.MULTIPLY) {
      return ExpertKernels.ExpertUse.MULTIPLY;
    }
    return switch (step.activation()) {
      case NONE -> ExpertKernels.ExpertUse.STORE;
      case SILU -> ExpertKernels.ExpertUse.STORE_SILU;
      case GELU_TANH -> ExpertKernels.ExpertUse.STORE_GELU;
    };
  }

  private void lane(String label, Runnable work) {
    model.compute().run(label, work);
  }

  private int rows(Buffer buffer) {
    return model.activations().rows(slots.slotOf(buffer), buffer.width());
  }

  private Tensor buffer(Buffer buffer) {
    return model.activations().whole(slots.slotOf(buffer), buffer.width());
  }
}
