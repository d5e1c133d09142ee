package dev.strata.udfs.store;

import dev.strata.udfs.model.ElementType;
import dev.strata.udfs.model.Quantization;
import dev.strata.udfs.model.WeightSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * The scales of a tensor's matrices, [rows of blocks, columns of blocks] for each, and which of
 * them are those of a weight.
 *
 * @param shape of the tensor of scales
 * @param skipped rows of blocks before those of the matrix that the weight is of
 * @param blocks which elements share a scale
 * @param firstRow the weight's first row, counted in the matrix from which blocks are
 */
record ScaleGrid(List<Long> shape, long skipped, Quantization.Blocks blocks, int firstRow) {

  ScaleGrid {
    shape = List.copyOf(shape);
  }

  /** Blocks are counted from each matrix' first row, whatever lies in it. */
  static ScaleGrid of(WeightSpec weight, Quantization.Blocks blocks) {
    return of(weight, blocks, rowsOfMatrix(weight));
  }

  /**
   * Blocks are counted from the first row of each part of a matrix, as where several were joined
   * that had blocks of their own: gates and ups.
   */
  static ScaleGrid ofParts(WeightSpec weight, Quantization.Blocks blocks) {
    return of(weight, blocks, weight.rows());
  }

  private static long rowsOfMatrix(WeightSpec weight) {
    return weight.shape().get(weight.shape().size() - 2);
  }

  private static ScaleGrid of(WeightSpec weight, Quantization.Blocks anyBlocks, long rows) {
    Quantization.Blocks blocks = anyBlocks.of(rows, weight.columns());
    long ofRows = (rows + blocks.rows() - 1) / blocks.rows();
    long ofColumns = ((long) weight.columns() + blocks.columns() - 1) / blocks.columns();
    List<Long> shape = new ArrayList<>(weight.shape());
    shape.set(shape.size() - 1, ofColumns);
    shape.set(shape.size() - 2, rowsOfMatrix(weight) / rows * ofRows);
    return new ScaleGrid(
        shape, weight.firstRow() / rows * ofRows, blocks, (int) (weight.firstRow() % rows));
  }

  /** Whether scales of some shape are these. A single one may have any shape of one element. */
  boolean isOf(List<Long> other) {
    return shape.equals(other) || (elements(shape) == 1 && elements(other) == 1);
  }

  private static long elements(List<Long> shape) {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }

  /** The weight's, in a tensor of them that begins at an offset of a file. */
  BlockScales scales(String file, long begin, ElementType type) {
    long columns = shape.get(shape.size() - 1);
    return new BlockScales(
        new Part(
            file, begin + skipped * type.bytes(columns), type, columns, firstRow, blocks.rows()),
        blocks.columns());
  }
}
