package dev.strata.udfs.transformer;

import dev.strata.udfs.model.WeightRole;
import dev.strata.udfs.tensor.Tensor;
import java.io.IOException;

/**
 * The computation of one stage of one layer. For each block, {@link #before} is called ahead of a
 * matrix's first tile and {@link #apply} for each of its tiles, matrix after matrix in the order in
 * which the store streams them.
 */
public interface StagePass {

  /**
   * What has to be computed before a matrix is used.
   *
   * @throws IOException if keys and values cannot be brought
   */
  void before(WeightRole matrix, BlockState block) throws IOException;

  /**
   * The product with one tile.
   *
   * @param firstRow the tile's first row in its matrix
   * @param tile [rows, columns]
   */
  void apply(WeightRole matrix, int firstRow, Tensor tile, BlockState block);
}
