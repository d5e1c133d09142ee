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
        Step.Scale,
        Step.Carry,
        Step.MultiplyCarried {

  /** Every tensor that it needs, in the order in which they are used. */
  List<WeightSpec> weights();

  /** What it reads besides the residual stream; null for nothing. */
  Buffer source();

  /** What it fills, wholly or in part; null for the residual stream, which it adds to. */
  Buffer filled();

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
    public Buffer source() {
      return null;
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
   * @param matrix [columns of the target, width of the source]
   * @param bias [columns of the target]; null for none
   * @param use what becomes of it
   * @param activation of what is stored
   * @param target where it goes; null for the residual stream. Columns from the first on, unless it
   *     is stored as it is
   */
  record Product(
      WeightSpec matrix,
      WeightSpec bias,
      Buffer source,
      Use use,
      Activation activation,
      Buffer.Columns target)
      implements Step {

    public Product {
      boolean isPlain = use == Use.STORE && activation == Activation.NONE;
      if (matrix.columns() != source.width()
          || (target != null && matrix.rows() != target.count())
          || (target != null && target.first() > 0 && !isPlain)
          || (target == null) != (use == Use.ADD)) {
        throw new IllegalArgumentException(
            String.format("product of %s and %s, %s, into %s", source, matrix, use, target));
      }
    }

    /** What it is called, in every layer: the matrix' name within its part of the layer. */
    public String name() {
      int end = matrix.name().lastIndexOf('.');
      return matrix.name().substring(matrix.name().lastIndexOf('.', end - 1) + 1, end);
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
      return Stream.of(attention.queryNorm(), attention.keyNorm())
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

    @Override
    public Buffer filled() {
      return null;
    }
  }

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

    @Override
    public Buffer source() {
      return null;
    }

    @Override
    public Buffer filled() {
      return null;
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

    @Override
    public Buffer filled() {
      return null;
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
    public List<WeightSpec> weights() {
      return List.of();
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
}
