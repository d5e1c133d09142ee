package dev.strata.udfs.store;

import dev.strata.udfs.model.ElementType;
import dev.strata.udfs.model.WeightSpec;
import java.util.List;

/**
 * One tensor of a model, or some of its rows: where its bytes are, and how they are decoded.
 *
 * @param spec which tensor of the model
 * @param codes its numbers, or what stands for them
 * @param scales what they are multiplied by; null for numbers that stand alone
 */
public record Weight(WeightSpec spec, Part codes, BlockScales scales) {

  /** Rows of a matrix in row-major order; 1 for a vector. */
  public int rows() {
    return spec.rows();
  }

  /** Elements of a row. */
  public int columns() {
    return spec.columns();
  }

  /** How its elements are stored. */
  public ElementType type() {
    return codes.type();
  }

  /** The shard that its elements are in, a name within the checkpoint. */
  public String file() {
    return codes.file();
  }

  /** The file offset of its first element. */
  public long offset() {
    return codes.extent(0, 1).offset();
  }

  /** Bytes of one row's elements. */
  public long rowBytes() {
    return codes.rowBytes();
  }

  /** Bytes of one row with its share of the scales. */
  public long wholeRowBytes() {
    return rowBytes() + (scales == null ? 0 : scales.bytesEachRow());
  }

  /** Bytes of all elements. */
  public long bytes() {
    return rows() * rowBytes();
  }

  /** What some rows are made of, elements first. */
  List<Extent> extents(int first, int rows) {
    Extent elements = codes.extent(first, rows);
    return scales == null
        ? List.of(elements)
        : List.of(elements, scales.part().extent(first, rows));
  }
}
