package dev.strata.udfs.tensor;

import static dev.strata.udfs.tensor.KernelChecks.checkBlock;
import static dev.strata.udfs.tensor.KernelChecks.checkRun;
import static dev.strata.udfs.tensor.KernelChecks.require;

import ai.djl.pytorch.jni.IValue;
import java.util.List;

/**
 * Routers of a mixture of experts, and what gathers their tokens and combines their results.
 *
 * @see Kernels
 */
public final class ExpertKernels {

  /** What {@link #combineExperts} and {@link #combineRows} hand on of a part, in float32. */
  public static final int COMBINED_COPIES = 3;

  private final ComputeDevice device;
  private final TorchScript script;
  private final RowParts parts;
  private final int leastRows;
  private final boolean onCpu;

  ExpertKernels(
      ComputeDevice device, TorchScript script, RowParts parts, int leastRows, boolean onCpu) {
    this.device = device;
    this.script = script;
    this.parts = parts;
    this.leastRows = leastRows;
    this.onCpu = onCpu;
  }

  /** What a router makes scores of. */
  public enum Scoring {
    SOFTMAX(0),
    SIGMOID(1),
    /** Products are scores, and the softmax of those that are taken their weights. */
    NONE(2);

    private final int code;

    Scoring(int code) {
      this.code = code;
    }
  }

  /**
   * How a router chooses.
   *
   * @param chosen experts of a token
   * @param correction [experts] float32, added to scores for the choice alone; none for none
   * @param groups of experts, of which {@code groupsChosen} are chosen first
   * @param normalised whether weights are divided by their sum
   * @param scale what they are multiplied by
   */
  public record Routing(
      int chosen,
      Scoring scoring,
      Tensor correction,
      int groups,
      int groupsChosen,
      boolean normalised,
      double scale) {}

  /**
   * Chooses experts.
   *
   * @param x [at least n, experts] a router's products
   * @param experts [tokens, at least chosen] int64, filled from row {@code first} on
   * @param weights [tokens, at least chosen] float32, alike
   */
  public void route(Tensor x, long n, Routing routing, Tensor experts, Tensor weights, long first) {
    checkBlock(x, 0, n, 0, routing.chosen());
    checkBlock(experts, first, n, 0, routing.chosen());
    checkBlock(weights, first, n, 0, routing.chosen());
    require(
        routing.correction().elements() == 0 || routing.correction().elements() == x.size(1),
        "correction %s of %s",
        routing.correction(),
        x);
    require(x.size(1) % routing.groups() == 0, "%s groups of %s", routing.groups(), x);
    parts.run(
        n,
        x.size(1),
        (begin, count) ->
            script.run(
                "route",
                x,
                begin,
                count,
                routing.chosen(),
                routing.scoring().code,
                routing.correction(),
                routing.groups(),
                routing.groupsChosen(),
                routing.normalised(),
                routing.scale(),
                experts,
                weights,
                first + begin));
  }

  /**
   * Sorts what a block's tokens chose by expert, then by token.
   *
   * @param experts [tokens, most] int64, of which the first {@code chosen} are chosen
   * @param first the block's first token
   * @param n its tokens
   * @param order [tokens · most] int64, as in {@link Chosen}, filled from {@code first · most} on
   * @param begins [blocks, experts of the layer + 1] int64: where each expert's begin from there,
   *     and the last one's end
   * @param block the row of {@code begins} to fill
   */
  public void sortChoices(
      Tensor experts, long first, long n, int chosen, Tensor order, Tensor begins, long block) {
    checkBlock(experts, first, n, 0, chosen);
    checkRun(order, first * experts.size(1), n * chosen);
    checkBlock(begins, block, 1, 0, begins.size(1));
    script.run("sort_choices", experts, first, n, chosen, order, begins, block);
  }

  /**
   * Tokens that chose an expert, side by side in an order of all choices.
   *
   * @param order [choices] int64, each {@code token · most + place among the token's choices}
   * @param begin the first of them
   * @param count how many
   * @param most the most choices of a token
   */
  public record Chosen(Tensor order, long begin, long count, int most) {}

  /**
   * {@code out[: count] = } the rows of these tokens.
   *
   * @param x rows of tokens
   * @param first a token, whose row is {@code row}; those after it follow
   */
  public void gatherRows(Tensor x, Chosen chosen, long first, long row, Tensor out) {
    checkRun(chosen.order(), chosen.begin(), chosen.count());
    checkBlock(out, 0, chosen.count(), 0, x.size(1));
    require(x.size(1) == out.size(1) && x.type() == out.type(), "rows of %s in %s", x, out);
    parts.run(
        chosen.count(),
        x.size(1),
        (begin, count) ->
            script.run(
                "gather_rows",
                x,
                chosen.order(),
                chosen.begin() + begin,
                count,
                chosen.most(),
                first,
                row,
                out,
                begin));
  }

  /**
   * The rows of these tokens {@code += weight · y[: count]}.
   *
   * @param weights [tokens, most] float32
   * @param x rows of tokens
   * @param first a token, whose row is {@code row}; those after it follow
   */
  public void combineRows(Tensor y, Chosen chosen, Tensor weights, long first, long row, Tensor x) {
    checkRun(chosen.order(), chosen.begin(), chosen.count());
    checkBlock(y, 0, chosen.count(), 0, x.size(1));
    require(y.size(1) == x.size(1), "%s added to %s", y, x);
    parts.run(
        chosen.count(),
        x.size(1),
        (begin, count) ->
            script.run(
                "combine_rows",
                y,
                begin,
                count,
                chosen.order(),
                chosen.begin() + begin,
                chosen.most(),
                first,
                row,
                weights,
                x));
  }

  /**
   * Tokens that chose some experts, in batches of as many rows for each.
   *
   * @param order as in {@link Chosen}
   * @param bounds [3 · experts of blocks] int64: where an expert's begin in the order, how many,
   *     and which expert it is
   * @param at the first of these experts in the bounds; the others follow
   * @param counts how many tokens each has, at least one
   * @param rows of each, none of which has more
   * @param most the most choices of a token
   */
  public record ChosenOfExperts(
      Tensor order, Tensor bounds, int at, List<Integer> counts, int rows, int most) {

    public ChosenOfExperts {
      counts = List.copyOf(counts);
    }

    int experts() {
      return counts.size();
    }

    /** Rows of all of them, padding included. */
    public long allRows() {
      return (long) experts() * rows;
    }
  }

  /** Rows of each expert of a batch, so that a row's result does not depend on the others. */
  public int paddedRows(int most) {
    return Math.max(most, leastRows);
  }

  private static void checkExperts(ChosenOfExperts chosen) {
    checkRun(chosen.bounds(), 3L * chosen.at(), 3L * chosen.experts());
    require(
        chosen.counts().stream().allMatch(count -> count > 0 && count <= chosen.rows()),
        "%s of %s rows each",
        chosen.counts(),
        chosen.rows());
  }

  /**
   * The choices of a batch, one for each row.
   *
   * @param all [experts · rows] int64, as in {@link Chosen}
   * @param most the most choices of a token
   */
  public record PaddedChoices(Tensor all, int most) implements AutoCloseable {

    @Override
    public void close() {
      all.close();
    }
  }

  /** The choices of some experts, of which each has as many rows: its last again and again. */
  public PaddedChoices padded(ChosenOfExperts chosen) {
    checkExperts(chosen);
    IValue all =
        script.call(
            "padded_choices",
            chosen.order(),
            chosen.bounds(),
            chosen.at(),
            chosen.experts(),
            chosen.rows());
    long[] shape = {chosen.allRows()};
    Tensor made = device.view("padded choices", chosen.order(), NumberType.INT64, shape, all);
    return new PaddedChoices(made, chosen.most());
  }

  /**
   * {@code out = } the rows of these tokens, an expert's after another's; behind those of one that
   * has fewer there are any.
   *
   * @param x rows of tokens
   * @param first a token, whose row is {@code row}; those after it follow
   */
  public void gatherExperts(Tensor x, PaddedChoices choices, long first, long row, Tensor out) {
    checkBlock(out, 0, choices.all().elements(), 0, x.size(1));
    require(x.size(1) == out.size(1) && x.type() == out.type(), "rows of %s in %s", x, out);
    script.run("gather_experts", x, choices.all(), choices.most(), first, row, out);
  }

  /** What becomes of a product of experts. */
  public enum ExpertUse {
    STORE(0),
    STORE_SILU(1),
    STORE_GELU(2),
    MULTIPLY(-1);

    private final int activation;

    ExpertUse(int activation) {
      this.activation = activation;
    }
  }

  /**
   * {@code out = x · wᵀ} of each expert, or {@code out *= x · wᵀ}, of batches as {@link
   * #gatherExperts} makes them.
   *
   * @param w [experts, rows, columns], of the compute type
   * @param transposed whether it is {@code x · w}
   * @param first the row of {@code out} where they begin
   */
  public void expertProducts(
      Tensor x, int rows, Tensor w, boolean transposed, ExpertUse use, Tensor out, long first) {
    long n = w.size(0);
    long in = w.size(transposed ? 1 : 2);
    checkBlock(x, 0, n * rows, 0, in);
    checkBlock(out, first, n * rows, 0, w.size(transposed ? 2 : 1));
    require(
        x.size(1) == in
            && out.size(1) == w.size(transposed ? 2 : 1)
            && x.type() == w.type()
            && out.type() == w.type(),
        "products of %s and %s into %s",
        x,
        w,
        out);
    if (use == ExpertUse.MULTIPLY) {
      script.run("multiply_experts", x, n, rows, w, transposed, out, first);
    } else {
      script.run("store_experts", x, n, rows, w, transposed, use.activation, out, first);
    }
  }

  /**
   * {@code out += } each expert's bias, of batches as {@link #gatherExperts} makes them.
   *
   * @param biases [experts · columns], of all experts of the layer
   * @param first the row of {@code out} where they begin
   */
  public void addBiases(ChosenOfExperts chosen, Tensor biases, Tensor out, long first) {
    checkExperts(chosen);
    checkBlock(out, first, chosen.allRows(), 0, out.size(1));
    require(biases.elements() % out.size(1) == 0, "biases %s added to %s", biases, out);
    script.run(
        "add_biases",
        biases,
        chosen.bounds(),
        chosen.at(),
        chosen.experts(),
        chosen.rows(),
        out,
        first);
  }

  /**
   * Notes which rows have the results of these choices.
   *
   * @param first the block's first token
   * @param begin the row where the batch's results begin
   * @param places [tokens of a block · most] int64, filled for these choices
   */
  public void placeExperts(PaddedChoices choices, long first, long begin, Tensor places) {
    script.run("place_experts", choices.all(), choices.most(), first, begin, places);
  }

  /**
   * Where the results of a block's choices are.
   *
   * @param rows of results; the first is nothing, and of zeros
   * @param places [tokens of a block · most] int64: the row of each choice, 0 for none
   * @param most the most choices of a token
   * @param chosen how many choices its tokens have
   */
  public record PlacedResults(Tensor rows, Tensor places, int most, int chosen) {}

  /**
   * {@code x[row : row + n] += } the results of tokens' choices, each times its weight.
   *
   * @param weights [tokens, most] float32
   * @param first the block's first token, whose row is {@code row}; those after it follow
   */
  public void combineExperts(
      PlacedResults results, Tensor weights, long first, long n, Tensor x, long row) {
    checkBlock(x, row, n, 0, results.rows().size(1));
    checkBlock(weights, first, n, 0, results.chosen());
    checkRun(results.places(), 0, n * results.most());
    require(x.size(1) == results.rows().size(1), "%s added to %s", results.rows(), x);
    NumberType type = results.rows().type();
    long rowBytes = x.size(1) * type.bytes();
    NumberType wide = rowBytes % Long.BYTES == 0 ? NumberType.INT64 : type;
    long elements = RowParts.partRows(x.size(1), onCpu) * COMBINED_COPIES * Float.BYTES;
    long atOnce = Math.max(1, elements / (2L * type.bytes()) / results.chosen());
    for (long begin = 0; begin < n; begin += atOnce) {
      script.run(
          "combine_experts",
          results.rows(),
          wide.code(),
          rowBytes / wide.bytes(),
          results.places(),
          results.most(),
          results.chosen(),
          weights,
          first + begin,
          begin,
          Math.min(atOnce, n - begin),
          x,
          row + begin);
    }
  }
}
