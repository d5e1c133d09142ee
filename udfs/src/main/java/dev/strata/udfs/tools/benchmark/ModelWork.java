package dev.strata.udfs.tools.benchmark;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.ElementType;
import dev.strata.udfs.model.Stage;
import dev.strata.udfs.model.Step;
import dev.strata.udfs.store.Checkpoint;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What a model costs.
 *
 * @param matrices those that a sweep streams, in its order: of all layers, then the head
 * @param spec the model
 */
record ModelWork(List<Matrix> matrices, DecoderSpec spec) {

  /** Whose products a matrix is for. */
  enum Part {
    /** Of all tokens. */
    LAYER,
    /** Of tokens that chose an expert. */
    EXPERT,
    /** Of tokens that a token is chosen after. */
    HEAD
  }

  /**
   * A matrix as it is stored.
   *
   * @param share of a layer's tokens whose products it is for: of an expert, the mean over all of
   *     the layer
   */
  record Matrix(long rows, long columns, ElementType type, Part part, double share) {

    /** Of all tokens of a part. */
    Matrix(long rows, long columns, ElementType type, Part part) {
      this(rows, columns, type, part, 1);
    }

    long elements() {
      return rows * columns;
    }

    long bytes() {
      return type.bytes(elements());
    }
  }

  static ModelWork of(Checkpoint checkpoint) {
    List<Matrix> matrices = new ArrayList<>();
    double routed = 0;
    for (DecoderSpec.StageOfLayer of : checkpoint.spec().stages()) {
      routed = of.stage().isExpert() ? routed : routed(of.stage());
      Part part = part(of, checkpoint.spec().layers().size());
      double share = part == Part.EXPERT ? routed : 1;
      of.stage()
          .matrices()
          .map(checkpoint::weight)
          .map(w -> new Matrix(w.rows(), w.columns(), w.type(), part, share))
          .forEach(matrices::add);
    }
    return new ModelWork(matrices, checkpoint.spec());
  }

  private static Part part(DecoderSpec.StageOfLayer of, int layers) {
    if (of.layer() == layers) {
      return Part.HEAD;
    }
    return of.stage().isExpert() ? Part.EXPERT : Part.LAYER;
  }

  /** The share of the tokens that an expert gets from a router of a stage; 0 without one. */
  private static double routed(Stage stage) {
    return stage.steps().stream()
        .filter(Step.Route.class::isInstance)
        .map(step -> ((Step.Route) step).routing())
        .mapToDouble(routing -> (double) routing.chosen() / routing.experts())
        .findFirst()
        .orElse(0);
  }

  /** Bytes that a sweep streams if every expert is chosen. */
  long streamedBytes() {
    return bytes(m -> true);
  }

  /** Of those, bytes of experts. */
  long expertBytes() {
    return bytes(m -> m.part() == Part.EXPERT);
  }

  /**
   * Bytes that a sweep streams: W.
   *
   * @param chosen bytes of the experts that tokens chose
   */
  long streamedBytes(long chosen) {
    return streamedBytes() - expertBytes() + chosen;
  }

  /**
   * Of those, bytes that are not of a type of so many bytes, and have to be converted.
   *
   * @param chosen bytes of the experts that tokens chose
   */
  long convertedBytes(int computeBytes, long chosen) {
    Predicate<Matrix> converted = m -> m.type().bits() != computeBytes * Byte.SIZE;
    long ofExperts = bytes(converted.and(m -> m.part() == Part.EXPERT));
    long used = expertBytes() == 0 ? 0 : (long) ((double) ofExperts * chosen / expertBytes());
    return bytes(converted) - ofExperts + used;
  }

  private long bytes(Predicate<Matrix> which) {
    return matrices.stream().filter(which).mapToLong(Matrix::bytes).sum();
  }

  /**
   * Operations of the matrix products, two for each multiplication: of an expert for the tokens
   * that chose it alone. Attention's own are left out: at 512 tokens they are under 1 % of a 70B
   * layer's.
   *
   * @param tokens that go through all layers
   * @param headRows that go through the head
   */
  double operations(long tokens, long headRows) {
    return 2.0 * tokens * elements(m -> m.part() != Part.HEAD)
        + 2.0 * headRows * elements(m -> m.part() == Part.HEAD);
  }

  /** Elements, of an expert in proportion to its tokens. */
  private double elements(Predicate<Matrix> which) {
    return matrices.stream().filter(which).mapToDouble(m -> m.share() * m.elements()).sum();
  }

  /** The largest matrix of an expert; empty where there are none. */
  Optional<Matrix> largestOfExperts() {
    return matrices.stream()
        .filter(m -> m.part() == Part.EXPERT)
        .max(Comparator.comparingLong(Matrix::elements));
  }
}
