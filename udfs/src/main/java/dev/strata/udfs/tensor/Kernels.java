package dev.strata.udfs.tensor;

import ai.djl.pytorch.jni.IValue;
import com.google.errorprone.annotations.FormatMethod;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * The kernels of {@code kernels.py}, with their shapes checked before native code sees them: a
 * wrong shape there may end the JVM. {@code n} is the number of tokens in a micro-batch; {@code w}
 * is a tile, [rows, columns]; a bias of no elements means none.
 */
public final class Kernels implements AutoCloseable {

  /**
   * Fewer rows are padded on a CPU: its matrix library takes other code paths below (measured: 1 to
   * 7 rows differ).
   */
  private static final int LEAST_CPU_ROWS = 16;

  /** Fewer rows are not worth another thread. */
  private static final int LEAST_PART_ROWS = 16;

  /** More rows are done in several parts, so that kernels' results on their way stay small. */
  static final int LARGEST_PART_ROWS = 1024;

  /** What {@link #combineExperts} and {@link #combineRows} hand on of a part, in float32. */
  public static final int COMBINED_COPIES = 3;

  /**
   * On a GPU, where each call takes longer than what it does, parts have more rows if those are
   * short.
   */
  private static final long LARGEST_PART_ELEMENTS = 16L << 20;

  /** Tokens whose keys and values are converted at once. */
  public static final int QUANTIZED_AT_ONCE = 2048;

  /**
   * /** Scores, the mask added to them, their exponentials and the heads that share keys (measured
   * on a CPU).
   */
  private static final int SCORE_COPIES = 4;

  private static final String SCORES = "attention scores";

  private static final String TILE_LOGITS = "logits of a tile";

  private static final String PIECES = "weights in float32";

  private static final String FEW_ROWS = "products of few rows";

  /**
   * Elements of the float32 pieces that a CPU's products convert weights to: they stay in its
   * caches, where a whole tile would go out to memory and come back.
   */
  private static final long PIECE_ELEMENTS = 1 << 18;

  private static final Set<NumberType> NUMBERS =
      Set.of(NumberType.FLOAT32, NumberType.BFLOAT16, NumberType.FLOAT16);

  /** Work of a product that is worth handing to another thread (some 50 µs): weights read. */
  private static final long LEAST_PART_WEIGHTS = 1 << 18;

  /** The same: multiplications. */
  private static final long LEAST_PART_MULTIPLICATIONS = 1 << 21;

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
  private final int leastRows;
  private final boolean converts;
  private final boolean onCpu;
  private final int mostFewRows;

  /** [PIECE_ELEMENTS] for each thread, from the first product on that converts. */
  private final List<Tensor> pieces = new ArrayList<>();

  // What each byte stands for in MXFP4, from the first that is unpacked on.
  private Tensor pairs;

  Kernels(ComputeDevice device, TorchScript script, boolean onCpu) {
    this.device = device;
    this.script = script;
    this.leastRows = onCpu ? LEAST_CPU_ROWS : 0;
    this.converts = device.productsConvert();
    this.onCpu = onCpu;
    this.mostFewRows = device.isHost() ? FewRows.most() : 0;
  }

  /**
   * What a CPU's products hold for themselves.
   *
   * @param tileRows rows of the largest tile
   */
  public static Footprint products(int kernelThreads, long tileRows) {
    return Footprint.sum(
        Footprint.device(PIECES, kernelThreads * PIECE_ELEMENTS * Float.BYTES),
        Footprint.device(FEW_ROWS, FewRows.MOST * tileRows * Float.BYTES));
  }

  /**
   * A tile as products take it: as it lies where they convert it themselves, else by {@link
   * #weights}.
   */
  public Tensor tile(
      Tensor place, long begin, NumberType stored, long rows, long columns, Tensor scratch) {
    if (!converts || place.type() != stored) {
      return weights(place, begin, stored, rows, columns, scratch);
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
  public Tensor weights(
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
    inParts(
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
    return matrix(scratch, rows, columns);
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
  public void scaledWeights(
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
    inParts(
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

  /** What {@link #unpackedWeights} takes besides its scratch, for tiles of so many bytes. */
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
  public void unpackedWeights(
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
    inParts(
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

  /** A view of a buffer's first elements as a matrix. */
  public Tensor matrix(Tensor x, long rows, long columns) {
    require(rows * columns <= x.elements(), "[%s, %s] of %s", rows, columns, x);
    return device.view(
        "matrix", x, x.type(), new long[] {rows, columns}, script.call("matrix", x, rows, columns));
  }

  /** A view of a buffer's first elements in another shape. */
  public Tensor seen(Tensor x, long... shape) {
    long elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    require(elements <= x.elements(), "%s of %s", Arrays.toString(shape), x);
    return device.view("view", x, x.type(), shape, script.call("seen", x, elements, shape));
  }

  /** A view of some columns of a matrix, from {@code first} on. */
  public Tensor columns(Tensor x, long first, long columns) {
    long rows = x.size(0);
    checkBlock(x, 0, rows, first, columns);
    return device.view(
        "columns",
        x,
        x.type(),
        new long[] {rows, columns},
        script.call("block", x, 0, rows, first, columns));
  }

  /** A view of some elements of the first dimension. */
  public Tensor part(Tensor x, long begin, long end) {
    require(begin >= 0 && begin < end && end <= x.size(0), "%s to %s of %s", begin, end, x);
    return device.view(
        "part", x, x.type(), x.shapeWithFirst(end - begin), script.call("part", x, begin, end));
  }

  /**
   * {@code target[to : to + n] = source[begin : begin + n]} along the first dimension. Between
   * pinned memory and a GPU the copy goes on by itself.
   */
  public void copy(Tensor source, long begin, long n, Tensor target, long to) {
    checkSameElements(source, target);
    checkRun(source, begin, n);
    checkRun(target, to, n);
    script.run("copy_part", source, begin, n, target, to);
  }

  /** Several copies at once, of {@code counts[i]} from {@code begins[i]} to {@code to[i]}. */
  public void copy(Tensor source, long[] begins, long[] counts, Tensor target, long[] to) {
    checkSameElements(source, target);
    for (int i = 0; i < begins.length; i++) {
      checkRun(source, begins[i], counts[i]);
      checkRun(target, to[i], counts[i]);
    }
    script.run("copy_parts", source, begins, counts, target, to);
  }

  /** Copies elements from {@code begin} on to {@code to}, whatever the shapes. */
  public void copyFlat(Tensor source, long begin, long elements, Tensor target, long to) {
    checkRun(source, source.elements(), begin, elements);
    checkRun(target, target.elements(), to, elements);
    script.run("copy_flat", source, begin, elements, target, to);
  }

  private static void checkRun(Tensor x, long begin, long n) {
    checkRun(x, x.size(0), begin, n);
  }

  private static void checkRun(Tensor x, long size, long begin, long n) {
    require(begin >= 0 && n > 0 && begin + n <= size, "%s + %s of %s", begin, n, x);
  }

  private static void checkSameElements(Tensor x, Tensor y) {
    require(Arrays.equals(x.shapeWithFirst(0), y.shapeWithFirst(0)), "elements of %s and %s", x, y);
  }

  /** {@code out[: n, column : column + rows] = x[: n] · wᵀ + bias[firstRow : firstRow + rows]}. */
  public void storeProduct(
      Tensor x, long n, Tensor w, Tensor bias, long firstRow, Tensor out, long column) {
    checkProduct(x, 0, n, w, bias, firstRow);
    checkBlock(out, 0, n, column, w.size(0));
    inProductParts(
        new Factors(x, 0, w),
        n,
        (of, begin, end, piece) ->
            script.run(
                "store_product",
                of.x(),
                n,
                of.w(),
                begin,
                end,
                bias,
                firstRow,
                leastRows,
                piece,
                out,
                column));
  }

  /** {@code out[: n, firstRow : firstRow + rows] = silu(x[: n] · wᵀ + bias)}. */
  public void storeSiluProduct(Tensor x, long n, Tensor w, Tensor bias, long firstRow, Tensor out) {
    storeActivated("store_silu_product", x, n, w, bias, firstRow, out);
  }

  /**
   * {@code out[: n, firstRow : firstRow + rows] = gelu(x[: n] · wᵀ + bias)}, by the approximation
   * with a hyperbolic tangent.
   */
  public void storeGeluProduct(Tensor x, long n, Tensor w, Tensor bias, long firstRow, Tensor out) {
    storeActivated("store_gelu_product", x, n, w, bias, firstRow, out);
  }

  private void storeActivated(
      String method, Tensor x, long n, Tensor w, Tensor bias, long firstRow, Tensor out) {
    checkProduct(x, 0, n, w, bias, firstRow);
    checkBlock(out, 0, n, firstRow, w.size(0));
    inProductParts(
        new Factors(x, 0, w),
        n,
        (of, begin, end, piece) ->
            script.run(
                method, of.x(), n, of.w(), begin, end, bias, firstRow, leastRows, piece, out));
  }

  /** {@code out[: n, firstRow : firstRow + rows] *= x[: n] · wᵀ + bias}. */
  public void multiplyProduct(Tensor x, long n, Tensor w, Tensor bias, long firstRow, Tensor out) {
    checkProduct(x, 0, n, w, bias, firstRow);
    checkBlock(out, 0, n, firstRow, w.size(0));
    inProductParts(
        new Factors(x, 0, w),
        n,
        (of, begin, end, piece) ->
            script.run(
                "multiply_product",
                of.x(),
                n,
                of.w(),
                begin,
                end,
                bias,
                firstRow,
                leastRows,
                piece,
                out));
  }

  /** {@code out[first : first + n, firstRow : firstRow + rows] += x[: n] · wᵀ + bias}. */
  public void addProduct(
      Tensor x, long n, Tensor w, Tensor bias, long firstRow, Tensor out, long first) {
    checkProduct(x, 0, n, w, bias, firstRow);
    checkBlock(out, first, n, firstRow, w.size(0));
    inProductParts(
        new Factors(x, 0, w),
        n,
        (of, begin, end, piece) ->
            script.run(
                "add_product",
                of.x(),
                n,
                of.w(),
                begin,
                end,
                bias,
                firstRow,
                leastRows,
                piece,
                out,
                first));
  }

  /**
   * {@code out[: n] = x[first : first + n] / rms(x) · weight}, row by row, accumulated in float32;
   * {@code out[: n] = x[first : first + n]} where the weight has no elements.
   */
  public void normRows(Tensor x, long first, long n, Tensor weight, double epsilon, Tensor out) {
    checkBlock(x, first, n, 0, x.size(1));
    checkBlock(out, 0, n, 0, x.size(1));
    checkNorm(weight, x);
    require(out.size(1) == x.size(1), "norm of %s into %s", x, out);
    inParts(
        n,
        x.size(1),
        (begin, count) ->
            script.run("norm_rows", x, first + begin, count, weight, epsilon, out, begin));
  }

  /**
   * {@code out[first : first + n] += scale · norm(x[: n])}, row by row; {@code scale · x[: n]}
   * where the weight has no elements.
   *
   * @param x overwritten
   */
  public void addRows(
      Tensor x, long n, Tensor weight, double epsilon, double scale, Tensor out, long first) {
    checkBlock(x, 0, n, 0, x.size(1));
    checkBlock(out, first, n, 0, x.size(1));
    checkNorm(weight, x);
    require(out.size(1) == x.size(1), "%s added to %s", x, out);
    inParts(
        n,
        x.size(1),
        (begin, count) ->
            script.run("add_rows", x, begin, count, weight, epsilon, scale, out, first + begin));
  }

  /**
   * A tile's part of the product with a transposed matrix: {@code out[: n] += x[: n, firstRow :
   * firstRow + rows] · w}; the first tile stores it and adds the bias.
   *
   * @param w [rows, columns of out]
   */
  public void transposedProduct(
      Tensor x, long n, Tensor w, Tensor bias, long firstRow, Tensor out) {
    checkBlock(x, 0, n, firstRow, w.size(0));
    checkBlock(out, 0, n, 0, w.size(1));
    require(bias.elements() == 0 || bias.elements() == w.size(1), "bias %s of tile %s", bias, w);
    require(
        x.type() == w.type() || (converts && NUMBERS.contains(w.type())),
        "product of %s and %s",
        x,
        w);
    long atOnce =
        x.type() == w.type() ? w.size(0) : Math.max(1, PIECE_ELEMENTS / Math.max(1, w.size(1)));
    long parts = Math.min(productParts(n, w), w.size(1));
    device.sideBySide(
        (int) parts,
        part ->
            script.run(
                "transposed_product",
                x,
                n,
                w,
                w.size(1) * part / parts,
                w.size(1) * (part + 1) / parts,
                bias,
                firstRow,
                leastRows,
                atOnce,
                out));
  }

  /**
   * Widths of latent attention.
   *
   * @param plain elements of a query head as its matrix makes it that are not rotated; {@code
   *     rotated} are, behind them
   * @param value elements of a value head
   * @param latent elements of the latent; attention sees heads of [rotated, latent]
   */
  public record Latent(int heads, int plain, int rotated, int value, int latent) {

    private long headDim() {
      return (long) rotated + latent;
    }

    private long rows() {
      return (long) heads * (plain + value);
    }
  }

  /**
   * The rotated parts of queries in their places, zeros behind them.
   *
   * @param q [tokens, heads · (plain + rotated)]
   * @param qkv [tokens, (heads + 2) · (rotated + latent)]
   */
  public void latentQueries(Tensor q, long n, Latent w, Tensor qkv) {
    checkBlock(q, 0, n, 0, (long) w.heads() * (w.plain() + w.rotated()));
    checkBlock(qkv, 0, n, 0, (w.heads() + 2) * w.headDim());
    inParts(
        n,
        qkv.size(1),
        (begin, count) ->
            script.run(
                "latent_queries",
                q,
                begin,
                count,
                w.heads(),
                w.plain(),
                w.rotated(),
                w.latent(),
                qkv));
  }

  /**
   * The key and the value behind the queries: the rotated part and the latent, normed.
   *
   * @param compressed [tokens, latent + rotated]
   * @param qkv [tokens, (heads + 2) · (rotated + latent)]
   */
  public void latentKey(
      Tensor compressed, long n, Latent w, Tensor norm, double epsilon, Tensor qkv) {
    checkBlock(compressed, 0, n, 0, w.headDim());
    checkBlock(qkv, 0, n, 0, (w.heads() + 2) * w.headDim());
    require(norm.elements() == w.latent(), "norm %s of %s", norm, w);
    inParts(
        n,
        qkv.size(1),
        (begin, count) ->
            script.run(
                "latent_key",
                compressed,
                begin,
                count,
                w.heads(),
                w.rotated(),
                w.latent(),
                norm,
                epsilon,
                qkv));
  }

  /**
   * Each head's product with its rows of a tile: {@code out[head, rotated :] += x[head] · keyRows}
   * of queries, {@code out[head] = x[head, rotated :] · valueRowsᵀ} of what was attended.
   *
   * @param tile [rows, latent]
   * @param firstRow the tile's first row in its matrix, [plain, value] rows for each head
   */
  public void latentProduct(
      Tensor x, long n, Latent w, boolean ofQueries, Tensor tile, long firstRow, Tensor out) {
    long ofHead = ofQueries ? w.plain() + w.rotated() : w.headDim();
    checkBlock(x, 0, n, 0, w.heads() * ofHead);
    checkBlock(out, 0, n, 0, w.heads() * (ofQueries ? w.headDim() : w.value()));
    require(
        tile.size(1) == w.latent() && firstRow + tile.size(0) <= w.rows(),
        "rows from %s of tile %s for %s",
        firstRow,
        tile,
        w);
    script.run(
        ofQueries ? "latent_query_product" : "latent_value_product",
        x,
        n,
        w.plain(),
        w.rotated(),
        w.value(),
        w.latent(),
        tile,
        firstRow,
        leastRows,
        out);
  }

  /** {@code y[: n] *= sigmoid(x[: n])}, row by row. */
  public void weighRows(Tensor x, long n, Tensor y) {
    checkBlock(x, 0, n, 0, 1);
    checkBlock(y, 0, n, 0, y.size(1));
    require(x.size(1) == 1, "weights %s", x);
    inParts(n, y.size(1), (begin, count) -> script.run("weigh_rows", x, begin, count, y));
  }

  /**
   * {@code out[: n] = (up + 1) · gate · sigmoid(alpha · gate)}, the gate at most {@code limit}, up
   * between that and its negative.
   *
   * @param x [tokens, 2 · width], gate and up by turns
   */
  public void clampGates(Tensor x, long n, double alpha, double limit, Tensor out) {
    checkBlock(x, 0, n, 0, x.size(1));
    checkBlock(out, 0, n, 0, out.size(1));
    require(x.size(1) == 2 * out.size(1), "gates %s into %s", x, out);
    inParts(
        n,
        x.size(1),
        (begin, count) -> script.run("clamp_gates", x, begin, count, alpha, limit, out));
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
   * @param factor what products are multiplied by before they are scored
   * @param correction [experts] float32, added to scores for the choice alone; none for none
   * @param groups of experts, of which {@code groupsChosen} are chosen first
   * @param normalised whether weights are divided by their sum
   * @param scale what they are multiplied by
   * @param expertScales [experts] float32, what those of each are multiplied by beside it; none for
   *     none
   */
  public record Routing(
      int chosen,
      double factor,
      Scoring scoring,
      Tensor correction,
      int groups,
      int groupsChosen,
      boolean normalised,
      double scale,
      Tensor expertScales) {}

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
    for (Tensor each : List.of(routing.correction(), routing.expertScales())) {
      require(each.elements() == 0 || each.elements() == x.size(1), "correction %s of %s", each, x);
    }
    require(x.size(1) % routing.groups() == 0, "%s groups of %s", routing.groups(), x);
    inParts(
        n,
        x.size(1),
        (begin, count) ->
            script.run(
                "route",
                x,
                begin,
                count,
                routing.chosen(),
                routing.factor(),
                routing.scoring().code,
                routing.correction(),
                routing.groups(),
                routing.groupsChosen(),
                routing.normalised(),
                routing.scale(),
                routing.expertScales(),
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
    inParts(
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
    inParts(
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
    long elements = partRows(x.size(1), onCpu) * COMBINED_COPIES * Float.BYTES;
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
    return seen(scratch, n, rows, columns);
  }

  /** Matrices {@code stride} elements behind one another in a vector: [n, rows, columns]. */
  public Tensor strided(Tensor x, long begin, long n, long stride, long rows, long columns) {
    require(
        begin >= 0
            && n > 0
            && stride > 0
            && begin + (n - 1) * stride + rows * columns <= x.elements(),
        "%s matrices [%s, %s] from %s on, each %s behind, of %s",
        n,
        rows,
        columns,
        begin,
        stride,
        x);
    return device.view(
        "matrices",
        x,
        x.type(),
        new long[] {n, rows, columns},
        script.call("strided", x, begin, n, stride, rows, columns));
  }

  /** {@code x[first : first + n] *= factor}, a single number. */
  public void scaleRows(Tensor x, long first, long n, Tensor factor) {
    checkBlock(x, first, n, 0, x.size(1));
    require(factor.elements() == 1, "factor %s", factor);
    inParts(
        n,
        x.size(1),
        (begin, count) -> script.run("multiply_rows", x, first + begin, count, factor));
  }

  /** {@code x[: n] *= carried[first : first + n, column : column + columns of x]}. */
  public void multiplyCarried(Tensor x, long n, Tensor carried, long first, long column) {
    checkBlock(x, 0, n, 0, x.size(1));
    checkBlock(carried, first, n, column, x.size(1));
    inParts(
        n,
        x.size(1),
        (begin, count) ->
            script.run("multiply_carried", x, begin, count, carried, first + begin, column));
  }

  /** {@code carried[first : first + n, column :] = x}, and {@code x = 0}, of the same rows of x. */
  public void setAside(Tensor x, long first, long n, Tensor carried, long column) {
    checkBlock(x, first, n, 0, x.size(1));
    checkBlock(carried, first, n, column, x.size(1));
    script.run("set_aside", x, first, n, carried, column);
  }

  /** {@code x[first : first + n] = carried[first : first + n, column :]}. */
  public void takeBack(Tensor carried, long column, long first, long n, Tensor x) {
    checkBlock(x, first, n, 0, x.size(1));
    checkBlock(carried, first, n, column, x.size(1));
    script.run("take_back", carried, column, first, n, x);
  }

  /**
   * {@code carried[first : first + n] = scale · (carried + norm(x[: n]))}, where each group of as
   * many elements as the weight has is normed alone, of the first columns.
   *
   * @param x overwritten
   */
  public void carry(
      Tensor x, long n, Tensor weight, double epsilon, double scale, Tensor carried, long first) {
    checkBlock(x, 0, n, 0, x.size(1));
    checkBlock(carried, first, n, 0, x.size(1));
    require(
        weight.elements() > 0 && x.size(1) % weight.elements() == 0,
        "norm %s of %s into %s",
        weight,
        x,
        carried);
    inParts(
        n,
        x.size(1),
        (begin, count) ->
            script.run("carry", x, begin, count, weight, epsilon, scale, carried, first + begin));
  }

  /** {@code x += value}. */
  public void shift(Tensor x, double value) {
    script.run("shift", x, value);
  }

  /**
   * Adds the norms of some rows up: {@code sums[row] += norm(x[first : first + n])}.
   *
   * @param normed [at least n, columns] of any type, which is overwritten
   * @param sums [rows, columns] float32
   */
  public void poolRows(
      Tensor x,
      long first,
      long n,
      Tensor weight,
      double epsilon,
      Tensor normed,
      Tensor sums,
      long row) {
    require(x.size(1) == weight.elements(), "norm %s of %s", weight, x);
    checkBlock(x, first, n, 0, x.size(1));
    checkBlock(normed, 0, n, 0, x.size(1));
    checkBlock(sums, row, 1, 0, x.size(1));
    script.run("pool_rows", x, first, n, weight, epsilon, normed, sums, row);
  }

  /** Fills a tensor with zeros. */
  public void clear(Tensor x) {
    script.run("clear", x);
  }

  /** {@code out[target] = x[source] / rms(x) · weight}, row by row. */
  public void normPicked(
      Tensor x, Tensor source, Tensor weight, double epsilon, Tensor out, Tensor target) {
    require(x.size(1) == weight.elements(), "norm %s of %s", weight, x);
    require(x.size(1) == out.size(1), "norm of %s into %s", x, out);
    require(source.elements() == target.elements(), "rows %s to %s", source, target);
    script.run("norm_picked", x, source, weight, epsilon, out, target);
  }

  /**
   * Copies embedding rows to hidden states: {@code x[first + i, column : column + width] = scale ·
   * staged[index[i]]}.
   *
   * @param staged [at least rows, width] on the host
   */
  public void embed(
      Tensor staged, long rows, Tensor index, double scale, Tensor x, long first, long column) {
    require(rows <= staged.size(0), "%s rows in %s", rows, staged);
    checkBlock(x, first, index.elements(), column, staged.size(1));
    script.runBlocking("embed", staged, rows, index, scale, x, first, column);
  }

  /**
   * What a product is made of: rows of x from {@code first} on, and a tile. Where the tile has no
   * elements, x is the product itself.
   */
  private record Factors(Tensor x, long first, Tensor w) {}

  /** A product with the rows of a tile from {@code begin} to {@code end}. */
  private interface ProductPart {
    void run(Factors of, long begin, long end, Tensor piece);
  }

  /** On a CPU a tile's rows are shared among threads; a small product is the calling thread's. */
  private void inProductParts(Factors of, long n, ProductPart work) {
    if (n <= mostFewRows && FewRows.takes(of.x(), of.w()) && VectorModule.isReady()) {
      inPartsOfFewRows(of, n, work);
      return;
    }
    int parts = productParts(n, of.w());
    boolean plain = of.x().type() == of.w().type() && (!converts || areFloat32(of.x(), of.w()));
    if (!plain) {
      allocatePieces(parts);
    }
    inParts(
        parts,
        of.w().size(0),
        (part, begin, end) -> work.run(of, begin, end, plain ? device.none() : pieces.get(part)));
  }

  private void inPartsOfFewRows(Factors of, long n, ProductPart work) {
    long rows = of.w().size(0);
    try (Tensor product = device.allocate(FEW_ROWS, NumberType.FLOAT32, n, rows)) {
      FewRows few = new FewRows(of.x(), of.first(), n, of.w(), product);
      Factors made = new Factors(product, 0, device.none());
      inParts(
          productParts(n, of.w()),
          rows,
          (part, begin, end) -> {
            few.multiply(begin, end);
            work.run(made, begin, end, device.none());
          });
    }
  }

  /** Work on the rows of a tile from {@code begin} to {@code end}. */
  private interface TilePart {
    void run(int part, long begin, long end);
  }

  private void inParts(int parts, long rows, TilePart work) {
    device.sideBySide(
        parts, part -> work.run(part, rows * part / parts, rows * (part + 1) / parts));
  }

  private static boolean areFloat32(Tensor x, Tensor w) {
    return x.type() == NumberType.FLOAT32 && w.type() == NumberType.FLOAT32;
  }

  private void allocatePieces(int count) {
    while (pieces.size() < count) {
      pieces.add(device.allocate(PIECES, NumberType.FLOAT32, PIECE_ELEMENTS));
    }
  }

  private int productParts(long n, Tensor w) {
    long worth =
        Math.max(w.elements() / LEAST_PART_WEIGHTS, n * w.elements() / LEAST_PART_MULTIPLICATIONS);
    return (int) Math.max(1, Math.min(w.size(0), Math.min(device.kernelThreads(), worth)));
  }

  /** Work on some rows of several, which do not depend on one another. */
  private interface RowWork {
    void run(long begin, long count);
  }

  /**
   * How many rows are done at once at most.
   *
   * @param width elements of a row
   */
  public static long partRows(long width, boolean onCpu) {
    return onCpu ? LARGEST_PART_ROWS : Math.max(LARGEST_PART_ROWS, LARGEST_PART_ELEMENTS / width);
  }

  /**
   * On a CPU rows are shared among threads, each of which does all of a kernel's steps alone. What
   * the steps hand on is no more than {@link #partRows} of it at once.
   *
   * @param width elements of a row
   */
  private void inParts(long rows, long width, RowWork work) {
    long most = partRows(width, onCpu);
    long least = (rows + most - 1) / most;
    int parts = (int) Math.max(least, Math.min(device.kernelThreads(), rows / LEAST_PART_ROWS));
    device.sideBySide(
        parts,
        part -> {
          long begin = rows * part / parts;
          work.run(begin, rows * (part + 1) / parts - begin);
        });
  }

  /**
   * Splits queries, keys and values of some tokens, norms and rotates queries and keys, leaves keys
   * and values in {@code fresh} and in {@code kv}, and returns the queries, [n, heads, headDim], a
   * view of {@code qkv}.
   *
   * @param qkv [tokens, (heads + 2 · kvHeads) · headDim]; overwritten
   * @param row the first of the tokens in {@code qkv}
   * @param n how many
   * @param rotation how queries and keys are rotated
   * @param first the first of the tokens in the rotation's positions
   * @param values what becomes of values
   * @param slots [n] where in {@code kv} each token's key and value go
   * @param fresh [at least n, 2, kvHeads, headDim]
   * @param kv [slots, 2, kvHeads, headDim]
   */
  public Tensor enter(
      Tensor qkv,
      long row,
      long n,
      long heads,
      Rotation rotation,
      long first,
      Tensor queryNorm,
      Tensor keyNorm,
      double epsilon,
      KeptValues values,
      Tensor slots,
      Tensor fresh,
      Tensor kv) {
    long headDim = kv.size(3);
    checkBlock(qkv, row, n, 0, (heads + 2 * kv.size(2)) * headDim);
    checkKv(heads, kv);
    checkSameElements(kv, fresh);
    checkHeadNorm(queryNorm, heads, headDim);
    checkHeadNorm(keyNorm, kv.size(2), headDim);
    require(slots.elements() == n, "%s tokens in slots %s", n, slots);
    require(n <= fresh.size(0), "%s tokens in %s", n, fresh);
    checkRotation(rotation, first, n, headDim);
    inParts(
        n,
        heads * headDim,
        (begin, count) ->
            script.run(
                "enter",
                qkv,
                row + begin,
                count,
                heads,
                rotation.positions(),
                first + begin,
                rotation.frequencies(),
                rotation.factor(),
                rotation.pairs(),
                rotation.beta(),
                rotation.length(),
                rotation.longer().spans(),
                rotation.longer().frequencies(),
                rotation.longer().above(),
                queryNorm,
                keyNorm,
                epsilon,
                values.code,
                slots,
                fresh,
                kv,
                begin));
    return queries(qkv, row, n, heads, headDim);
  }

  /** What becomes of values before they are kept; the names say it in a family's words. */
  public enum KeptValues {
    PLAIN(0),
    NORMED(1),
    NORMED_KEYS(2);

    private final int code;

    KeptValues(int code) {
      this.code = code;
    }
  }

  /**
   * Norms and rotates queries alone, where keys and values are others'. Returns them, [n, heads,
   * headDim], a view of {@code q}.
   *
   * @param q [tokens, heads · headDim]; overwritten
   * @param row the first of the tokens in {@code q}
   * @param n how many
   * @param first the first of the tokens in the rotation's positions
   */
  public Tensor enterQueries(
      Tensor q,
      long row,
      long n,
      long heads,
      long headDim,
      Rotation rotation,
      long first,
      Tensor queryNorm,
      double epsilon) {
    checkBlock(q, row, n, 0, heads * headDim);
    checkHeadNorm(queryNorm, heads, headDim);
    checkRotation(rotation, first, n, headDim);
    inParts(
        n,
        heads * headDim,
        (begin, count) ->
            script.run(
                "enter_queries",
                q,
                row + begin,
                count,
                heads,
                headDim,
                rotation.positions(),
                first + begin,
                rotation.frequencies(),
                rotation.factor(),
                rotation.pairs(),
                rotation.beta(),
                rotation.length(),
                rotation.longer().spans(),
                rotation.longer().frequencies(),
                rotation.longer().above(),
                queryNorm,
                epsilon));
    return queries(q, row, n, heads, headDim);
  }

  private Tensor queries(Tensor qkv, long row, long n, long heads, long headDim) {
    return device.view(
        "queries",
        qkv,
        qkv.type(),
        new long[] {n, heads, headDim},
        script.call("queries", qkv, row, n, heads, headDim));
  }

  private static void checkRotation(Rotation rotation, long first, long n, long headDim) {
    require(
        first >= 0 && first + n <= rotation.positions().elements(),
        "tokens %s to %s of %s",
        first,
        first + n,
        rotation.positions());
    require(
        2 * rotation.frequencies().elements() <= headDim,
        "%s frequencies of %s",
        rotation.frequencies().elements(),
        headDim);
    Longer longer = rotation.longer();
    require(
        longer.spans().elements() == 0
            || (longer.spans().elements() == rotation.positions().elements()
                && longer.frequencies().elements() == rotation.frequencies().elements()),
        "%s beside %s",
        longer,
        rotation.frequencies());
  }

  /**
   * Keys and values of the first {@code n} tokens in a byte for each element, scaled head by head.
   *
   * @param x [at least n, 2, kvHeads, headDim]
   * @param out [at least n, 2, kvHeads, headDim + 4] bytes; the last four are the scale
   */
  public void quantize(Tensor x, long n, Tensor out) {
    checkQuantized(x, n, out);
    script.run("quantize", x, n, QUANTIZED_AT_ONCE, out);
  }

  /** The reverse of {@link #quantize}, but for what rounding lost. */
  public void dequantize(Tensor x, long n, Tensor out) {
    checkQuantized(out, n, x);
    script.run("dequantize", x, n, QUANTIZED_AT_ONCE, out);
  }

  private static void checkQuantized(Tensor plain, long n, Tensor quantized) {
    checkRun(plain, 0, n);
    checkRun(quantized, 0, n);
    require(
        quantized.type() == NumberType.UINT8
            && plain.size(2) == quantized.size(2)
            && plain.size(3) + Float.BYTES == quantized.size(3),
        "%s quantized as %s",
        plain,
        quantized);
  }

  /**
   * How queries and keys are rotated.
   *
   * @param positions [tokens] each token's position in its sequence
   * @param frequencies radians per position: twice as many elements of each head are rotated, the
   *     first; none for no rotation
   * @param factor what cosines and sines are multiplied by
   * @param pairs whether neighbours are rotated together, else the halves of what is rotated
   * @param beta queries are multiplied by {@code 1 + beta · log(1 + floor(position / length))}; 0
   *     for not at all
   * @param longer other frequencies of some tokens
   */
  public record Rotation(
      Tensor positions,
      Tensor frequencies,
      double factor,
      boolean pairs,
      double beta,
      int length,
      Longer longer) {}

  /**
   * Frequencies of tokens whose span is above a bound.
   *
   * @param spans [tokens] how long each token's sequence is for it; none where all tokens have the
   *     same frequencies
   * @param frequencies as many as the others
   */
  public record Longer(Tensor spans, Tensor frequencies, int above) {}

  /** All tokens have the same frequencies. */
  public Longer noLonger() {
    return new Longer(device.none(), device.none(), 0);
  }

  /** A rotation and no more. */
  public Rotation rotation(Tensor positions, Tensor frequencies, double factor, boolean pairs) {
    return new Rotation(positions, frequencies, factor, pairs, 0, 1, noLonger());
  }

  /**
   * How products of queries and keys become scores.
   *
   * @param window tokens a token attends to, itself included; 0 for all
   * @param scale what products are multiplied by
   * @param softCap scores are {@code softCap · tanh(score / softCap)}; 0 for none, which the fused
   *     kernel has not
   * @param sinks [heads] a score beside those of the keys that no value belongs to, which the fused
   *     kernel has not; none for none
   */
  public record Scores(int window, double scale, double softCap, Tensor sinks) {}

  /**
   * Causal attention of the queries' segments over keys and values, into {@code out[first : first +
   * n]}.
   *
   * @param queries [n, heads, headDim]
   * @param kv [slots, 2, kvHeads, headDim]
   * @param segments where each sequence's queries, keys and values are
   */
  public void attend(
      Tensor queries, Tensor kv, Segments segments, Scores scores, Tensor out, long first) {
    segments.check(queries.size(0), kv.size(0));
    checkKv(queries.size(1), kv);
    require(queries.size(2) == kv.size(3), "queries %s and keys %s", queries, kv);
    long sinks = scores.sinks().elements();
    require(sinks == 0 || sinks == queries.size(1), "sinks %s of %s", scores.sinks(), queries);
    checkBlock(out, first, queries.size(0), 0, queries.size(1) * queries.size(2));
    if (segments.onDevice() == null) {
      List<Segments> parts = segments.split(device.kernelThreads());
      device.sideBySide(
          parts.size(), i -> attendEach(queries, kv, parts.get(i), scores, out, first));
    } else {
      require(
          scores.softCap() == 0 && scores.sinks().elements() == 0,
          "%s where attention is fused",
          scores);
      script.run(
          "attend_flash",
          queries,
          kv,
          segments.onDevice(),
          segments.rows.length,
          Arrays.stream(segments.counts).max().orElse(0),
          Arrays.stream(segments.lengths).max().orElse(0),
          scores.window(),
          scores.scale(),
          out,
          first);
    }
  }

  private void attendEach(
      Tensor queries, Tensor kv, Segments segments, Scores scores, Tensor out, long first) {
    script.run(
        "attend",
        queries,
        kv,
        segments.rows,
        segments.counts,
        segments.slots,
        segments.lengths,
        scores.window(),
        scores.scale(),
        scores.softCap(),
        scores.sinks(),
        out,
        first);
  }

  /**
   * Tokens whose logits are picked out of those of some rows, and these rows' sums of exponentials.
   *
   * @param firstRow the first of the rows
   * @param sums [rows] the logarithm of the sum so far, kept up to date; starts at minus infinity
   * @param rows [tokens] the row in whose place each token's logit is
   * @param tokens [tokens] the tokens
   * @param found [tokens] their logits, once their tile was there
   */
  public record Targets(long firstRow, Tensor sums, Tensor rows, Tensor tokens, Tensor found) {}

  /** No tokens. */
  public Targets noTargets() {
    Tensor none = device.none();
    return new Targets(0, none, none, none, none);
  }

  /**
   * Logits of {@code x[first : first + n]} for the tokens from {@code firstToken} on, in float32.
   *
   * @param best [rows, 2] the best logits so far, kept up to date; starts at minus infinity
   * @param tokens [rows, 2] their tokens
   * @param logits [rows, vocabulary] on the host; gets the logits of rows below {@code logitRows}
   * @param scaling what becomes of products
   * @param targets whose logits are picked out
   */
  public void head(
      Tensor x,
      long first,
      long n,
      Tensor w,
      long firstToken,
      Tensor best,
      Tensor tokens,
      Tensor logits,
      long logitRows,
      LogitScaling scaling,
      Targets targets) {
    checkProduct(x, first, n, w, device.none(), 0);
    require(
        targets.rows().elements() == targets.tokens().elements()
            && targets.tokens().elements() == targets.found().elements(),
        "targets %s",
        targets);
    checkBlock(best, first, n, 0, 2);
    if (logitRows > 0) {
      checkBlock(logits, 0, logitRows, firstToken, w.size(0));
    }
    try (Tensor y = device.allocate(TILE_LOGITS, logitType(w), n, w.size(0))) {
      inProductParts(
          new Factors(x, first, w),
          n,
          (of, begin, end, piece) ->
              script.run(
                  "head_product", of.x(), of.first(), n, of.w(), begin, end, leastRows, piece, y));
      inParts(
          n,
          w.size(0),
          (begin, count) -> {
            scale(y, begin, count, scaling);
            choose(y, begin, count, first + begin, firstToken, best, tokens, logits, logitRows);
            sumExponentials(y, begin, count, first + begin, targets);
          });
      pick(y, n, first, firstToken, targets);
    }
  }

  /**
   * How products become logits.
   *
   * @param scale what they are multiplied by
   * @param softCap logits are {@code softCap · tanh(logit / softCap)}; 0 for none
   */
  public record LogitScaling(double scale, double softCap) {

    public static final LogitScaling NONE = new LogitScaling(1, 0);
  }

  private void scale(Tensor y, long begin, long n, LogitScaling scaling) {
    if (!scaling.equals(LogitScaling.NONE)) {
      script.run("scale_logits", y, begin, n, scaling.scale(), scaling.softCap());
    }
  }

  private void sumExponentials(Tensor y, long begin, long n, long first, Targets targets) {
    if (targets.sums().elements() > 0) {
      script.run("sum_exponentials", y, begin, n, first, targets.firstRow(), targets.sums());
    }
  }

  /** At once for all rows, since each call writes all that is found. */
  private void pick(Tensor y, long n, long first, long firstToken, Targets targets) {
    if (targets.tokens().elements() > 0) {
      script.run(
          "pick", y, n, first, firstToken, targets.rows(), targets.tokens(), targets.found());
    }
  }

  private NumberType logitType(Tensor w) {
    return converts ? NumberType.FLOAT32 : w.type();
  }

  private void choose(
      Tensor y,
      long begin,
      long n,
      long first,
      long firstToken,
      Tensor best,
      Tensor tokens,
      Tensor logits,
      long logitRows) {
    Object[] arguments = {y, begin, n, first, firstToken, best, tokens, logits, logitRows};
    if (first < logitRows) {
      script.runBlocking("choose", arguments);
    } else {
      script.run("choose", arguments);
    }
  }

  /**
   * What {@link #head} takes meanwhile.
   *
   * @param n rows at once
   * @param columns tokens of a tile
   * @param type of weights and activations
   */
  public static Footprint tileLogits(long n, long columns, NumberType type) {
    return Footprint.device(TILE_LOGITS, n * columns * (type.bytes() + 2L * Float.BYTES));
  }

  /**
   * What attention takes that is not fused.
   *
   * @param scores the most products of query rows with keys, for each head, that a thread makes at
   *     once
   */
  public static Footprint scores(long scores, int heads, int threads) {
    return Footprint.device(SCORES, scores * SCORE_COPIES * threads * heads * Float.BYTES);
  }

  /** The numbers of a float32 tensor, wherever it is. */
  public float[] toFloats(Tensor x) {
    return device.toFloats(x);
  }

  /** The numbers of an int64 tensor, wherever it is. */
  public long[] toLongs(Tensor x) {
    return device.toLongs(x);
  }

  /**
   * A copy on the device, converted to {@code type} and seen in another shape of as many elements.
   */
  public Tensor reshape(String owner, Tensor x, NumberType type, long... shape) {
    long elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    require(elements == x.elements(), "%s seen as %s", x, Arrays.toString(shape));
    Tensor copy = device.allocate(owner, type, shape);
    try {
      if (x.isOnHost()) {
        script.runBlocking("copy_all", x, copy);
      } else {
        script.run("copy_all", x, copy);
      }
      return copy;
    } catch (Throwable e) {
      Holdings.closeAfter(e, copy);
      throw e;
    }
  }

  @Override
  public void close() {
    pieces.forEach(Tensor::close);
    if (pairs != null) {
      pairs.close();
    }
  }

  private void checkProduct(Tensor x, long first, long n, Tensor w, Tensor bias, long firstRow) {
    checkBlock(x, first, n, 0, x.size(1));
    require(x.size(1) == w.size(1), "product of %s and %s", x, w);
    require(
        x.type() == w.type()
            || ((converts || (onCpu && x.type() == NumberType.FLOAT32))
                && NUMBERS.contains(w.type())),
        "product of %s and %s",
        x,
        w);
    require(
        bias.elements() == 0 || firstRow + w.size(0) <= bias.elements(),
        "rows from %s of tile %s with bias %s",
        firstRow,
        w,
        bias);
  }

  private static void checkKv(long heads, Tensor kv) {
    require(kv.size(1) == 2 && heads % kv.size(2) == 0, "%s query heads and keys %s", heads, kv);
  }

  private static void checkHeadNorm(Tensor norm, long heads, long headDim) {
    long n = norm.elements();
    require(
        n == 0 || n == headDim || n == heads * headDim,
        "norm %s of %s heads of %s",
        norm,
        heads,
        headDim);
  }

  private static void checkNorm(Tensor weight, Tensor x) {
    long n = weight.elements();
    require(n == 0 || n == x.size(1), "norm %s of %s", weight, x);
  }

  private static void checkBlock(Tensor x, long first, long n, long column, long columns) {
    require(
        first >= 0 && n > 0 && first + n <= x.size(0), "rows %s to %s of %s", first, first + n, x);
    require(
        column >= 0 && columns > 0 && column + columns <= x.size(1),
        "columns %s to %s of %s",
        column,
        column + columns,
        x);
  }

  @FormatMethod
  private static void require(boolean holds, String format, Object... values) {
    if (!holds) {
      throw new IllegalArgumentException("kernel called with " + String.format(format, values));
    }
  }
}
