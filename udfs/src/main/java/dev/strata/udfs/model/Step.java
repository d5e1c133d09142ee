package dev.strata.udfs.model;

import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * One step of a stage, done for all tokens of a micro-batch. {@code hidden} is the residual stream.
 */
public sealed interface Step
    permits Step.Norm,
        Step.Product,
        Step.Attend,
        Step.Add,
        Step.Sum,
        Step.Scale,
        Step.SetAside,
        Step.TakeBack,
        Step.Carry,
        Step.MultiplyCarried,
        Step.Weigh,
        Step.NormInPlace,
        Step.LatentQueries,
        Step.LatentKey,
        Step.LatentProduct,
        Step.Recur,
        Step.GateNormed,
        Step.TakeQueries,
        Step.GateHeads,
        Step.Clamp,
        Step.Keep,
        Step.Route,
        Step.Gather,
        Step.Combine {

  /** Every tensor that it needs, in the order in which they are used. */
  default List<WeightSpec> weights() {
    return List.of();
  }

  /** The matrix whose tiles it takes; null for a step without one. */
  default WeightSpec streamed() {
    return null;
  }

  /** What its product is called, in every layer: the matrix' name within its part of the layer. */
  default String label() {
    String name = streamed().name();
    int end = name.lastIndexOf('.');
    return name.substring(name.lastIndexOf('.', end - 1) + 1, end);
  }

  /** What it reads besides the residual stream; null for nothing. */
  default Buffer source() {
    return null;
  }

  /** What it fills, wholly or in part; null for the residual stream, which it adds to. */
  default Buffer filled() {
    return null;
  }

  /**
   * {@code target = norm(hidden)}: divided by its root mean square, multiplied by a weight.
   *
   * @param weight [hidden]; null for {@code target = hidden}
   * @param epsilon added to the mean square
   */
  record Norm(WeightSpec weight, double epsilon, Buffer target) implements Step {

    @Override
    public List<WeightSpec> weights() {
      return weight == null ? List.of() : List.of(weight);
    }

    @Override
    public Buffer filled() {
      return target;
    }
  }

  /** What becomes of a product. */
  enum Use {
    /** {@code target = activation(product)}. */
    STORE,
    /** {@code target *= product}. */
    MULTIPLY,
    /** {@code hidden += product}. */
    ADD
  }

  /**
   * A product of activations and a matrix, {@code source · matrixᵀ + bias}, tile by tile.
   *
   * @param matrix [columns of the target, width of the source], or the reverse where it is
   *     transposed
   * @param bias [columns of the target]; null for none
   * @param use what becomes of it
   * @param activation of what is stored
   * @param target where it goes; null for the residual stream. Columns from the first on, unless it
   *     is stored as it is
   * @param transposed whether the matrix is stored as {@code source · matrix} takes it, which is
   *     then stored as it is, in all columns
   */
  record Product(
      WeightSpec matrix,
      WeightSpec bias,
      Buffer source,
      Use use,
      Activation activation,
      Buffer.Columns target,
      boolean transposed)
      implements Step {

    public Product {
      boolean isPlain = use == Use.STORE && activation == Activation.NONE;
      int inputs = transposed ? matrix.rows() : matrix.columns();
      int outputs = transposed ? matrix.columns() : matrix.rows();
      if (inputs != source.width()
          || (target != null && outputs != target.count())
          || (target != null && target.first() > 0 && !isPlain)
          || (transposed && (!isPlain || outputs != target.buffer().width()))
          || (target == null) != (use == Use.ADD)) {
        throw new IllegalArgumentException(
            String.format("product of %s and %s, %s, into %s", source, matrix, use, target));
      }
    }

    /** With a matrix as linear layers have it. */
    public Product(
        WeightSpec matrix,
        WeightSpec bias,
        Buffer source,
        Use use,
        Activation activation,
        Buffer.Columns target) {
      this(matrix, bias, source, use, activation, target, false);
    }

    @Override
    public WeightSpec streamed() {
      return matrix;
    }

    @Override
    public List<WeightSpec> weights() {
      return Stream.of(matrix, bias).filter(Objects::nonNull).toList();
    }

    @Override
    public Buffer filled() {
      return target == null ? null : target.buffer();
    }
  }

  /**
   * Attention: queries, keys and values side by side in the source are normed and rotated, keys and
   * values go where they are kept, {@code target = softmax(queries · keysᵀ · scale) · values}.
   *
   * @param source [(heads + 2 · kvHeads) · headDim]
   * @param target [heads · headDim]
   */
  record Attend(Buffer source, AttentionSpec attention, Buffer target) implements Step {

    public Attend {
      if (source.width() != attention.width() || target.width() != attention.queryWidth()) {
        throw new IllegalArgumentException(
            String.format("%s of %s into %s", attention, source, target));
      }
    }

    @Override
    public List<WeightSpec> weights() {
      return Stream.of(attention.queryNorm(), attention.keyNorm(), attention.sinks())
          .filter(Objects::nonNull)
          .toList();
    }

    @Override
    public Buffer filled() {
      return target;
    }
  }

  /**
   * {@code hidden += scale · norm(source)}.
   *
   * @param source [hidden]; overwritten
   * @param norm [hidden]; null for none
   * @param epsilon added to the mean square
   */
  record Add(Buffer source, WeightSpec norm, double epsilon, double scale) implements Step {

    @Override
    public List<WeightSpec> weights() {
      return norm == null ? List.of() : List.of(norm);
    }
  }

  /** {@code target += source}, as wide. */
  record Sum(Buffer source, Buffer target) implements Step {

    public Sum {
      requireWidths(target.width(), source, target.width(), target);
    }

    @Override
    public Buffer filled() {
      return target;
    }
  }

  /**
   * {@code carried[first : first + hidden] = hidden}, and {@code hidden = 0} then: what is added
   * from now on is apart, until it is taken back.
   *
   * @param first the first of the elements that tokens carry
   */
  record SetAside(int first) implements Step {}

  /**
   * {@code hidden = carried[first : first + hidden]}, as it was set aside.
   *
   * @param first the first of the elements that tokens carry
   */
  record TakeBack(int first) implements Step {}

  /**
   * {@code hidden *= factor}.
   *
   * @param factor [1]
   */
  record Scale(WeightSpec factor) implements Step {

    @Override
    public List<WeightSpec> weights() {
      return List.of(factor);
    }
  }

  /**
   * {@code carried = scale · (carried + norm(source))}, where carried is what tokens carry beside
   * the residual stream, and groups of as many elements as the norm's weight are normed each alone.
   *
   * @param source [carried]; overwritten
   * @param norm [elements of a group]
   * @param epsilon added to the mean square
   */
  record Carry(Buffer source, WeightSpec norm, double epsilon, double scale) implements Step {

    @Override
    public List<WeightSpec> weights() {
      return List.of(norm);
    }
  }

  /**
   * {@code target *= carried[first : first + width]}, of what tokens carry beside the residual
   * stream.
   *
   * @param first the first of the elements
   */
  record MultiplyCarried(int first, Buffer target) implements Step {

    @Override
    public Buffer source() {
      return target;
    }

    @Override
    public Buffer filled() {
      return target;
    }
  }

  /**
   * {@code target = norm(target)}.
   *
   * @param weight [width of the target]
   */
  record NormInPlace(WeightSpec weight, double epsilon, Buffer target) implements Step {

    @Override
    public List<WeightSpec> weights() {
      return List.of(weight);
    }

    @Override
    public Buffer source() {
      return target;
    }

    @Override
    public Buffer filled() {
      return target;
    }
  }

  /**
   * Queries as attention sees them, but for what {@link LatentProduct} makes of the rest: the
   * rotated parts of heads in their places, zeros behind them.
   *
   * @param source [heads · (plain + rotated)]
   * @param target [(heads + 2) · (rotated + latent)]
   */
  record LatentQueries(Buffer source, LatentHeads heads, Buffer target) implements Step {

    public LatentQueries {
      requireWidths(heads.queryWidth(), source, heads.attentionWidth(), target);
    }

    @Override
    public Buffer filled() {
      return target;
    }
  }

  /**
   * The key and the value behind the queries, both the rotated part and {@code norm(latent)}.
   *
   * @param source [latent + rotated]
   * @param norm [latent]
   * @param epsilon added to the mean square
   * @param target [(heads + 2) · (rotated + latent)]
   */
  record LatentKey(Buffer source, LatentHeads heads, WeightSpec norm, double epsilon, Buffer target)
      implements Step {

    public LatentKey {
      requireWidths(heads.compressedWidth(), source, heads.attentionWidth(), target);
    }

    @Override
    public List<WeightSpec> weights() {
      return List.of(norm);
    }

    @Override
    public Buffer filled() {
      return target;
    }
  }

  /**
   * Products of each head with its rows of the matrix that makes keys and values of the latent:
   * {@code query · keyRows} into the queries behind their rotated parts, ahead of attention; {@code
   * attended · valueRowsᵀ} behind it.
   *
   * @param matrix [heads · (plain + value), latent]
   * @param source [heads · (plain + rotated)], or [heads · (rotated + latent)] behind attention
   * @param target [(heads + 2) · (rotated + latent)], or [heads · value]
   */
  record LatentProduct(
      WeightSpec matrix, LatentHeads heads, Buffer source, boolean ofQueries, Buffer target)
      implements Step {

    public LatentProduct {
      int attended = heads.heads() * heads.headDim();
      int values = heads.heads() * heads.value();
      requireWidths(
          ofQueries ? heads.queryWidth() : attended,
          source,
          ofQueries ? heads.attentionWidth() : values,
          target);
      if (matrix.rows() != heads.rows() || matrix.columns() != heads.latent()) {
        throw new IllegalArgumentException(String.format("%s of %s", matrix, heads));
      }
    }

    @Override
    public WeightSpec streamed() {
      return matrix;
    }

    @Override
    public List<WeightSpec> weights() {
      return List.of(matrix);
    }

    @Override
    public Buffer filled() {
      return target;
    }
  }

  private static void requireWidths(int from, Buffer source, int to, Buffer target) {
    if (source.width() != from || target.width() != to) {
      throw new IllegalArgumentException(
          String.format("%s of %d into %s of %d", source, from, target, to));
    }
  }

  /**
   * A gated delta rule over the tokens of each sequence, whose state goes on where the last sweep
   * left it.
   *
   * @param source [q, k, v, z, b, a] of each token
   * @param target [valueHeads · valueDim]
   */
  record Recur(Buffer source, RecurrenceSpec recurrence, Buffer target) implements Step {

    public Recur {
      requireWidths(recurrence.width(), source, recurrence.valueWidth(), target);
    }

    @Override
    public List<WeightSpec> weights() {
      return recurrence.weights();
    }

    @Override
    public Buffer filled() {
      return target;
    }
  }

  /**
   * {@code target = norm(target) · silu(z)}, head by head.
   *
   * @param source [q, k, v, z, b, a] of each token
   * @param norm [valueDim]
   * @param epsilon added to the mean square
   * @param target [valueHeads · valueDim]
   */
  record GateNormed(
      Buffer source, RecurrenceSpec recurrence, WeightSpec norm, double epsilon, Buffer target)
      implements Step {

    public GateNormed {
      requireWidths(recurrence.width(), source, recurrence.valueWidth(), target);
    }

    @Override
    public List<WeightSpec> weights() {
      return List.of(norm);
    }

    @Override
    public Buffer filled() {
      return target;
    }
  }

  /**
   * {@code target[: heads · headDim] = } the queries of a source in which each head's gate is
   * behind its query.
   *
   * @param source [heads · 2 · headDim]
   */
  record TakeQueries(Buffer source, int heads, int headDim, Buffer target) implements Step {

    public TakeQueries {
      if (source.width() != 2 * heads * headDim || target.width() < heads * headDim) {
        throw new IllegalArgumentException(
            String.format("%d queries of %d in %s into %s", heads, headDim, source, target));
      }
    }

    @Override
    public Buffer filled() {
      return target;
    }
  }

  /**
   * {@code target *= sigmoid(gate)}, head by head.
   *
   * @param source [heads · 2 · headDim], each head's gate behind its query
   * @param target [heads · headDim]
   */
  record GateHeads(Buffer source, int heads, int headDim, Buffer target) implements Step {

    public GateHeads {
      requireWidths(2 * heads * headDim, source, heads * headDim, target);
    }

    @Override
    public Buffer filled() {
      return target;
    }
  }

  /**
   * {@code target *= sigmoid(source)}, row by row.
   *
   * @param source [1]
   */
  record Weigh(Buffer source, Buffer target) implements Step {

    public Weigh {
      if (source.width() != 1) {
        throw new IllegalArgumentException(
            String.format("weights %s of rows of %s", source, target));
      }
    }

    @Override
    public Buffer filled() {
      return target;
    }
  }

  /**
   * {@code target = (up + 1) · gate · sigmoid(alpha · gate)}, the gate at most {@code limit}, up
   * between that and its negative.
   *
   * @param source [2 · width], gate and up by turns
   * @param target [width]
   */
  record Clamp(Buffer source, double alpha, double limit, Buffer target) implements Step {

    public Clamp {
      if (source.width() != 2 * target.width()) {
        throw new IllegalArgumentException(String.format("gates %s into %s", source, target));
      }
    }

    @Override
    public Buffer filled() {
      return target;
    }
  }

  /**
   * Keeps rows for the experts of the layer, which gather theirs when all tokens have been routed.
   *
   * @param source [hidden]
   */
  record Keep(Buffer source) implements Step {}

  /**
   * Chooses each token's experts and what they weigh.
   *
   * @param source [experts], the router's product
   */
  record Route(Buffer source, RoutingSpec routing) implements Step {

    public Route {
      if (source.width() != routing.experts()) {
        throw new IllegalArgumentException(String.format("%s of %s", routing, source));
      }
    }

    @Override
    public List<WeightSpec> weights() {
      return Stream.of(routing.correction(), routing.expertScales())
          .filter(Objects::nonNull)
          .toList();
    }
  }

  /**
   * {@code target = } the rows that were kept of the tokens that chose an expert.
   *
   * @param target [hidden]
   */
  record Gather(int expert, Buffer target) implements Step {

    @Override
    public Buffer filled() {
      return target;
    }
  }

  /**
   * {@code hidden += weight · source} for the tokens that chose an expert.
   *
   * @param source [hidden]
   */
  record Combine(int expert, Buffer source) implements Step {}
}
