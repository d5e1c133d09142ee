package dev.strata.udfs.tensor;

import static dev.strata.udfs.tensor.KernelChecks.require;

import java.util.List;

/**
 * The kernels of {@code delta_rule.py}, gated delta rules and gates of heads, with their shapes
 * checked before native code sees them. {@code n} is the number of tokens in a micro-batch.
 */
public final class DeltaRules {

  private static final String RECURRENCE = "chunks of a recurrence";

  /** What a convolution has of a token's channels at once, in float32 as all here. */
  private static final int CONVOLUTION_COPIES = 4;

  /** What chunks have of them meanwhile. */
  private static final int CHANNEL_COPIES = 2;

  /** The same of keys and values of all value heads. */
  private static final int HEAD_COPIES = 6;

  /** The same of products of the tokens of a chunk with one another. */
  private static final int CHUNK_COPIES = 4;

  /**
   * A rule's widths.
   *
   * @param keyHeads heads of queries and keys, each shared by as many of {@code heads}
   * @param byKeyHead whether what belongs to a key head is side by side in rows
   */
  public record Widths(
      int keyHeads, int heads, int keyDim, int valueDim, int kernel, boolean byKeyHead) {

    /** Elements of all values of a token. */
    long values() {
      return (long) heads * valueDim;
    }

    /** Elements that the convolution goes over: q, k and v. */
    public long channels() {
      return 2L * keyHeads * keyDim + values();
    }

    /** Elements of a sequence's state. */
    public long stateElements() {
      return values() * keyDim;
    }

    /** Elements of a sequence that the convolution will see again. */
    public long convolvedElements() {
      return (kernel - 1) * channels();
    }

    /** Elements of q, k, v, z, b and a of a token. */
    long all() {
      return channels() + values() + 2L * heads;
    }
  }

  /**
   * A rule's weights, all float32.
   *
   * @param filters [channels · kernel]
   * @param decay [heads]
   * @param shift [heads]
   */
  public record Weights(Tensor filters, Tensor decay, Tensor shift) {}

  /**
   * Sequences' states, float32.
   *
   * @param state [sequences, heads, keyDim, valueDim]
   * @param convolved [sequences, kernel - 1, channels], the oldest token first
   */
  public record States(Tensor state, Tensor convolved) {}

  private final ComputeDevice device;
  private final RowParts rowParts;
  private final TorchScript script;

  public DeltaRules(ComputeDevice device) {
    this.device = device;
    this.rowParts = device.kernels().rowParts();
    this.script = device.load("delta_rule", "DeltaRule");
  }

  /**
   * What {@link #recur} takes meanwhile.
   *
   * @param chunks the most chunks at once
   * @param sequences the most sequences of a batch
   */
  public static Footprint footprint(Widths w, int chunks, int sequences, int threads) {
    long convolution = w.all() + CONVOLUTION_COPIES * w.channels();
    long heads =
        HEAD_COPIES * (w.keyDim() + (long) w.valueDim()) + CHUNK_COPIES * RecurrentRows.CHUNK;
    long token = Math.max(convolution, CHANNEL_COPIES * w.channels() + w.heads() * heads);
    long tokens = Math.max((long) chunks * RecurrentRows.CHUNK * threads, sequences);
    return Footprint.device(RECURRENCE, tokens * token * Float.BYTES);
  }

  /** In how many chunks tokens of a sequence go. */
  public static int chunksOf(int tokens) {
    return (tokens + RecurrentRows.CHUNK - 1) / RecurrentRows.CHUNK;
  }

  /** Bytes of {@link #footprint} for a chunk. */
  public static long chunkBytes(Widths w) {
    return footprint(w, 1, 1, 1).bytes(Footprint.Place.DEVICE);
  }

  /**
   * {@code out} of the sequences' rows = what the rule reads from their states, which go on.
   *
   * @param x [tokens, width], [q, k, v, z, b, a] or by key head
   * @param rows of the sequences, uploaded; sequence {@code i} has state {@code i}
   * @param out [tokens, heads · valueDim]
   */
  public void recur(
      Tensor x, RecurrentRows rows, Widths w, Weights weights, States states, Tensor out) {
    require(x.size(1) == w.all() && rows.endRow() <= x.size(0), "rows %s of %s", rows.endRow(), x);
    require(out.size(1) == w.values() && rows.endRow() <= out.size(0), "%s into %s", x, out);
    require(
        weights.filters().elements() == w.channels() * w.kernel()
            && weights.decay().elements() == w.heads()
            && weights.shift().elements() == w.heads(),
        "%s of %s",
        weights,
        w);
    Tensor state = states.state();
    Tensor convolved = states.convolved();
    require(
        state.size(0) >= rows.sequences()
            && state.size(1) == w.heads()
            && state.size(2) == w.keyDim()
            && state.size(3) == w.valueDim(),
        "states %s of %s",
        state,
        w);
    require(
        convolved.size(0) >= rows.sequences()
            && convolved.size(1) == w.kernel() - 1
            && convolved.size(2) == w.channels(),
        "states %s of %s",
        convolved,
        w);
    List<List<RecurrentRows.Piece>> parts = rows.parts();
    device.sideBySide(
        parts.size(),
        part -> parts.get(part).forEach(piece -> recur(x, piece, w, weights, states, out)));
  }

  private void recur(
      Tensor x, RecurrentRows.Piece piece, Widths w, Weights weights, States states, Tensor out) {
    script.run(
        "recur",
        x,
        piece.rows(),
        piece.tokens(),
        piece.befores(),
        piece.tails(),
        piece.places(),
        piece.steps(),
        RecurrentRows.CHUNK,
        w.keyHeads(),
        w.heads(),
        w.keyDim(),
        w.valueDim(),
        1 / Math.sqrt(w.keyDim()),
        w.kernel(),
        w.byKeyHead(),
        weights.filters(),
        weights.decay(),
        weights.shift(),
        states.state(),
        states.convolved(),
        piece.firstSlot(),
        piece.slots(),
        out);
  }

  /**
   * {@code y[: n] = norm(y) · silu(z)}, head by head.
   *
   * @param x [tokens, width], z among it
   * @param weight [valueDim] float32
   * @param y [tokens, heads · valueDim]
   */
  public void gateNormed(Tensor x, long n, Widths w, Tensor weight, double epsilon, Tensor y) {
    require(x.size(1) == w.all() && n <= x.size(0), "%s rows of %s", n, x);
    require(y.size(1) == w.values() && n <= y.size(0), "%s rows of %s", n, y);
    require(weight.elements() == w.valueDim(), "norm %s of %s", weight, w);
    rowParts.runAtMost(
        RowParts.LARGEST_PART_ROWS,
        n,
        (begin, count) ->
            script.run(
                "gate_normed",
                x,
                begin,
                count,
                w.keyHeads(),
                w.heads(),
                w.keyDim(),
                w.valueDim(),
                w.byKeyHead(),
                weight,
                epsilon,
                y));
  }

  /**
   * {@code out[: n, : heads · headDim] = } the queries, each of which has a gate behind it.
   *
   * @param x [tokens, heads · 2 · headDim]
   */
  public void takeQueries(Tensor x, long n, int heads, int headDim, Tensor out) {
    long width = (long) heads * headDim;
    require(x.size(1) == 2 * width && n <= x.size(0), "%s rows of %s", n, x);
    require(out.size(1) >= width && n <= out.size(0), "%s rows of %s", n, out);
    rowParts.runAtMost(
        RowParts.LARGEST_PART_ROWS,
        n,
        (begin, count) -> script.run("take_queries", x, begin, count, heads, headDim, out));
  }

  /**
   * {@code y[: n] *= sigmoid(gate)}, head by head.
   *
   * @param x [tokens, heads · 2 · headDim], each head's gate behind its query
   * @param y [tokens, heads · headDim]
   */
  public void gateHeads(Tensor x, long n, int heads, int headDim, Tensor y) {
    long width = (long) heads * headDim;
    require(x.size(1) == 2 * width && n <= x.size(0), "%s rows of %s", n, x);
    require(y.size(1) == width && n <= y.size(0), "%s rows of %s", n, y);
    rowParts.runAtMost(
        RowParts.LARGEST_PART_ROWS,
        n,
        (begin, count) -> script.run("gate_heads", x, begin, count, heads, headDim, y));
  }

  /** Zeros in {@code x[first : first + n]}. */
  public void clearRows(Tensor x, long first, long n) {
    require(first >= 0 && n > 0 && first + n <= x.size(0), "%s + %s of %s", first, n, x);
    script.run("clear_rows", x, first, n);
  }
}
