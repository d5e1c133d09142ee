package dev.strata.udfs.tensor;

import static dev.strata.udfs.tensor.KernelChecks.require;

import ai.djl.pytorch.jni.IValue;
import java.util.Arrays;

/**
 * Tiles as matrices of the compute type, whatever they are stored as.
 *
 * @see Kernels
 */
public final class WeightKernels implements AutoCloseable {

  /** Elements of a row that share a scale in MXFP4. */
  private static final int MX_GROUP = 32;

  /** Bytes that are unpacked at once, by all threads. */
  private static final long UNPACKED_AT_ONCE = 8L << 20;

  /** What unpacking a byte takes meanwhile: an index, and a sixteenth of a scale made twice. */
  private static final long UNPACKING_BYTES = Integer.BYTES + 1;

  private static final String PAIRS = "pairs of packed numbers";

  /** Two for each byte. */
  private static final long PAIR_ELEMENTS = 2L << Byte.SIZE;

  private final ComputeDevice device;
  private final TorchScript script;
  private final RowParts parts;

  /** Whether products convert weights themselves. */
  private final boolean converts;

  // What each byte stands for in MXFP4, from the first that is unpacked on.
  private Tensor pairs;

  WeightKernels(ComputeDevice device, TorchScript script, RowParts parts) {
    this.device = device;
    this.script = script;
    this.parts = parts;
    this.converts = device.productsConvert();
  }

  /**
   * A tile as products take it: as it lies where they convert it themselves, else by {@link
   * #converted}.
   */
  public Tensor tile(
      Tensor place, long begin, NumberType stored, long rows, long columns, Tensor scratch) {
    if (!converts || place.type() != stored) {
      return converted(place, begin, stored, rows, columns, scratch);
    }
    checkPlace(place, begin, stored, rows, columns);
    return matrix(place, begin, stored, rows, columns);
  }

  /**
   * {@code rows · columns} elements of a tile's place as a matrix of the compute type.
   *
   * @param begin the offset of the first, in bytes
   * @param stored the type of the elements in the place; the place's own, or any where it holds
   *     bytes
   * @param scratch where the matrix is converted to, of the compute type; untouched where nothing
   *     is to be converted
   */
  public Tensor converted(
      Tensor place, long begin, NumberType stored, long rows, long columns, Tensor scratch) {
    checkPlace(place, begin, stored, rows, columns);
    require(
        stored == scratch.type() || rows * columns <= scratch.elements(),
        "tile [%s, %s] in scratch %s",
        rows,
        columns,
        scratch);
    if (stored == scratch.type()) {
      return matrix(place, begin, stored, rows, columns);
    }
    parts.run(
        rows,
        columns,
        (first, count) ->
            script.run(
                "convert",
                place,
                begin + first * columns * stored.bytes(),
                stored.code(),
                stored.bytes(),
                count,
                columns,
                scratch,
                first));
    return filled(scratch, rows, columns);
  }

  /**
   * What the elements of some rows of a matrix are multiplied by, block by block.
   *
   * @param begin the offset of the first in its place, in bytes
   * @param type their type, any that stands alone
   * @param rows how many rows of blocks there are
   * @param columns how many columns of blocks
   * @param blockRows rows of a block
   * @param blockColumns columns of a block
   * @param skipped rows of the first block that are not there
   */
  public record Scales(
      long begin,
      NumberType type,
      long rows,
      long columns,
      long blockRows,
      long blockColumns,
      long skipped) {

    /** Whether a matrix is made of whole blocks, from its first row on. */
    public boolean areWhole(long ofRows, long ofColumns) {
      return skipped == 0 && rows * blockRows == ofRows && columns * blockColumns == ofColumns;
    }

    /** Whether they, and those so many bytes behind them, begin with whole elements. */
    public boolean areAligned(long stride) {
      return begin % type.bytes() == 0 && stride % type.bytes() == 0;
    }
  }

  /**
   * {@code rows · columns} codes of a tile's place, multiplied by their scales, as a matrix of the
   * compute type.
   *
   * @param place bytes
   * @param begin the offset of the first code
   * @param codes their type
   * @param scratch where the matrix goes, of the compute type
   * @param to the row of it where the matrix begins
   */
  public void scaled(
      Tensor place,
      long begin,
      NumberType codes,
      Scales scales,
      long rows,
      long columns,
      Tensor scratch,
      long to) {
    checkPlace(place, begin, codes, rows, columns);
    checkPlace(place, scales.begin(), scales.type(), scales.rows(), scales.columns());
    require(
        (to + rows) * columns <= scratch.elements()
            && scales.skipped() < scales.blockRows()
            && scales.skipped() + rows <= scales.rows() * scales.blockRows()
            && columns <= scales.columns() * scales.blockColumns(),
        "[%s, %s] with %s in scratch %s",
        rows,
        columns,
        scales,
        scratch);
    parts.run(
        rows,
        columns,
        (first, count) ->
            script.run(
                "scale_weights",
                place,
                begin + first * columns * codes.bytes(),
                codes.code(),
                codes.bytes(),
                count,
                columns,
                scales.begin(),
                scales.type().code(),
                scales.type().bytes(),
                scales.rows(),
                scales.columns(),
                scales.blockRows(),
                scales.blockColumns(),
                scales.skipped() + first,
                scratch,
                to + first));
  }

  /** What {@link #unpacked} takes besides its scratch, for tiles of so many bytes. */
  public static long unpackingBytes(long tileBytes) {
    return Math.min(tileBytes, UNPACKED_AT_ONCE) * UNPACKING_BYTES;
  }

  /**
   * {@code rows · columns} elements of the type MXFP4 in a tile's place as a matrix of the compute
   * type: two in a byte, the first in its lower half, and for each 32 of a row a power of two.
   *
   * @param place bytes
   * @param begin the offset of the first two
   * @param scales the offset of the first power, whose exponent is stored with 127 added
   * @param scratch where the matrix goes, of the compute type
   * @param to the row of it where the matrix begins
   * @see <a
   *     href="https://www.opencompute.org/documents/ocp-microscaling-formats-mx-v1-0-spec-final-pdf">OCP
   *     Microscaling Formats (MX) v1.0</a>
   */
  public void unpacked(
      Tensor place, long begin, long scales, long rows, long columns, Tensor scratch, long to) {
    checkPlace(place, begin, NumberType.UINT8, rows, columns / 2);
    checkPlace(place, scales, NumberType.UINT8, rows, columns / MX_GROUP);
    require(
        columns % MX_GROUP == 0 && (to + rows) * columns <= scratch.elements(),
        "[%s, %s] in scratch %s",
        rows,
        columns,
        scratch);
    long most = Math.max(1, UNPACKED_AT_ONCE / device.kernelThreads() / (columns / 2));
    NumberType type = scratch.type();
    if (pairs == null) {
      pairs = device.allocate(PAIRS, type, PAIR_ELEMENTS);
      script.run("fp4_pairs", pairs);
    }
    parts.run(
        rows,
        columns,
        (first, count) -> {
          for (long row = first; row < first + count; row += most) {
            script.run(
                "unpack_weights",
                place,
                begin + row * (columns / 2),
                Math.min(most, first + count - row),
                columns,
                scales + row * (columns / MX_GROUP),
                pairs,
                type.pair().code(),
                scratch,
                to + row);
          }
        });
  }

  private static void checkPlace(
      Tensor place, long begin, NumberType stored, long rows, long columns) {
    long end = begin + Math.multiplyExact(rows, columns) * stored.bytes();
    require(end <= place.bytes(), "tile up to byte %s in place %s", end, place);
    boolean isElement = begin % stored.bytes() == 0 || place.type() == NumberType.UINT8;
    require(begin >= 0 && isElement, "tile at byte %s in %s", begin, place);
    require(
        place.type() == stored || place.type() == NumberType.UINT8,
        "%s in place %s",
        stored,
        place);
  }

  /** The first elements of scratch, which were just made. */
  private Tensor filled(Tensor scratch, long... shape) {
    long elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    return device.view(
        "converted tile",
        scratch,
        scratch.type(),
        shape,
        script.call("seen", scratch, elements, shape));
  }

  /** A view of the place, or a copy where that holds bytes. */
  private Tensor matrix(Tensor place, long begin, NumberType stored, long rows, long columns) {
    Object[] arguments = {place, begin, stored.code(), stored.bytes(), rows, columns};
    IValue w = script.call("weights", arguments);
    Tensor matrix = device.view("tile", place, stored, new long[] {rows, columns}, w);
    if (place.type() != stored) {
      script.fill(matrix, "weights", arguments);
    }
    return matrix;
  }

  /**
   * Matrices of codes in a ring of bytes, each {@code stride} bytes behind the one before,
   * multiplied by their scales: [n, rows, columns] of the compute type.
   *
   * @param begin the offset of the first one's first code
   * @param scales of the first one; blocks are whole, and none of their rows are skipped
   * @param scratch where the matrices go, of the compute type
   */
  public Tensor scaledExperts(
      Tensor ring,
      long begin,
      NumberType codes,
      Scales scales,
      long n,
      long stride,
      long rows,
      long columns,
      Tensor scratch) {
    checkPlace(ring, begin + (n - 1) * stride, codes, rows, columns);
    checkPlace(
        ring, scales.begin() + (n - 1) * stride, scales.type(), scales.rows(), scales.columns());
    require(
        n * rows * columns <= scratch.elements()
            && scales.areWhole(rows, columns)
            && scales.areAligned(stride),
        "%s matrices [%s, %s], each %s bytes behind, with %s in scratch %s",
        n,
        rows,
        columns,
        stride,
        scales,
        scratch);
    script.run(
        "scale_experts",
        ring,
        begin,
        codes.code(),
        codes.bytes(),
        scales.begin(),
        scales.type().code(),
        scales.type().bytes(),
        stride,
        n,
        rows,
        columns,
        scales.blockRows(),
        scales.blockColumns(),
        scratch);
    return filled(scratch, n, rows, columns);
  }

  @Override
  public void close() {
    if (pairs != null) {
      pairs.close();
    }
  }
}
