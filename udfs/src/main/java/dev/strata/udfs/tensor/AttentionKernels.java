package dev.strata.udfs.tensor;

import static dev.strata.udfs.tensor.KernelChecks.checkBlock;
import static dev.strata.udfs.tensor.KernelChecks.checkRun;
import static dev.strata.udfs.tensor.KernelChecks.checkSameElements;
import static dev.strata.udfs.tensor.KernelChecks.require;

import java.util.Arrays;
import java.util.List;

/**
 * Queries, keys and values, and attention over them.
 *
 * @see Kernels
 */
public final class AttentionKernels {

  /** Tokens whose keys and values are converted at once. */
  public static final int QUANTIZED_AT_ONCE = 2048;

  /**
   * /** Scores, the mask added to them, their exponentials and the heads that share keys (measured
   * on a CPU).
   */
  private static final int SCORE_COPIES = 4;

  private static final String SCORES = "attention scores";

  private final ComputeDevice device;
  private final TorchScript script;
  private final RowParts parts;
  private final int leastRows;

  AttentionKernels(ComputeDevice device, TorchScript script, RowParts parts, int leastRows) {
    this.device = device;
    this.script = script;
    this.parts = parts;
    this.leastRows = leastRows;
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
    parts.run(
        n,
        heads * headDim,
        (begin, count) ->
            script.run(
                "enter",
                TorchScript.joined(
                    new Object[] {qkv, row + begin, count, heads},
                    rotation.arguments(first + begin),
                    new Object[] {
                      queryNorm, keyNorm, epsilon, values.code, slots, fresh, kv, begin
                    })));
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
    parts.run(
        n,
        heads * headDim,
        (begin, count) ->
            script.run(
                "enter_queries",
                TorchScript.joined(
                    new Object[] {q, row + begin, count, heads, headDim},
                    rotation.arguments(first + begin),
                    new Object[] {queryNorm, epsilon})));
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
      Longer longer) {

    /** As kernels take it for tokens from {@code first} on. */
    private Object[] arguments(long first) {
      return new Object[] {
        positions,
        first,
        frequencies,
        factor,
        pairs,
        beta,
        length,
        longer.spans(),
        longer.frequencies(),
        longer.above()
      };
    }
  }

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
   * What attention takes that is not fused.
   *
   * @param scores the most products of query rows with keys, for each head, that a thread makes at
   *     once
   */
  public static Footprint scores(long scores, int heads, int threads) {
    return Footprint.device(SCORES, scores * SCORE_COPIES * threads * heads * Float.BYTES);
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
    parts.run(
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
    parts.run(
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
}
