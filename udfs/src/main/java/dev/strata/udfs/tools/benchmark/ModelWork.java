package dev.strata.udfs.tools.benchmark;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.ElementType;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.Weight;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a model costs.
 *
 * @param matrices those that a sweep streams, in its order: of all layers, then the head
 * @param spec the model
 */
record ModelWork(List<Matrix> matrices, DecoderSpec spec) {

  /** A matrix as it is stored. */
  record Matrix(long rows, long columns, ElementType type, boolean head) {

    long elements() {
      return rows * columns;
    }
  }

  static ModelWork of(Checkpoint checkpoint) {
    return new ModelWork(
        checkpoint.spec().stages().stream().flatMap(stage -> matrices(checkpoint, stage)).toList(),
        checkpoint.spec());
  }

  private static Stream<Matrix> matrices(Checkpoint checkpoint, DecoderSpec.StageOfLayer of) {
    boolean head = of.layer() == checkpoint.spec().layers().size();
    return of.stage().matrices().map(m -> matrix(checkpoint.weight(m), head));
  }

  private static Matrix matrix(Weight weight, boolean head) {
    return new Matrix(weight.rows(), weight.columns(), weight.type(), head);
  }

  /** Bytes that a sweep streams: W. */
  long streamedBytes() {
    return matrices.stream().mapToLong(m -> m.type().bytes(m.elements())).sum();
  }

  /** Of those, bytes that are not of a type of so many bytes, and have to be converted. */
  long convertedBytes(int computeBytes) {
    return matrices.stream()
        .filter(m -> m.type().bits() != computeBytes * Byte.SIZE)
        .mapToLong(m -> m.type().bytes(m.elements()))
        .sum();
  }

  /**
   * Operations of the matrix products, two for each multiplication. Attention's own are left out:
   * at 512 tokens they are under 1 % of a 70B layer's.
   *
   * @param tokens that go through all layers
   * @param headRows that go through the head
   */
  double operations(long tokens, long headRows) {
    return 2.0 * tokens * elements(false) + 2.0 * headRows * elements(true);
  }

  private long elements(boolean head) {
    return matrices.stream().filter(m -> m.head() == head).mapToLong(Matrix::elements).sum();
  }
}
