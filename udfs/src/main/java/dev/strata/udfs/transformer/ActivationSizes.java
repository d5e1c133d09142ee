package dev.strata.udfs.transformer;

import dev.strata.udfs.model.AttentionSpec;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.Stage;
import dev.strata.udfs.model.Step;
import dev.strata.udfs.tensor.ExpertKernels;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.RowParts;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the steps of a model take for each token of a micro-batch.
 *
 * @param slots elements of each slot that buffers lie in
 * @param queryWidth elements that attention gives at most
 * @param heads most query heads
 * @param exactWidth elements of queries, keys and values that are all in float32 for a moment
 * @param hiddenSize width of the residual stream
 * @param rowCopies of a row of the residual stream that steps make at most, as norms do
 * @param routerWidth elements that a router takes of a row at most
 * @param gateWidth elements that gates of a recurrence take of a row at most
 * @param wholeWidth elements of products that are made whole, not tile by tile
 */
public record ActivationSizes(
    List<Integer> slots,
    long queryWidth,
    long heads,
    long exactWidth,
    long hiddenSize,
    int rowCopies,
    long routerWidth,
    long gateWidth,
    long wholeWidth) {

  static final String OWNER = "micro-batch";

  private static final String RESULTS = "results on their way";
  private static final double CUT_UP = 1.15;

  /** A row in float32, its squares, what it is normed to and its gates. */
  private static final int GATED_COPIES = 5;

  /** Scores of a router, those it chooses by, its groups and what it hides. */
  private static final int ROUTER_COPIES = 6;

  public ActivationSizes {
    slots = List.copyOf(slots);
  }

  public static ActivationSizes of(DecoderSpec spec) {
    List<Integer> slots = new ArrayList<>();
    widen(slots, 0, spec.hiddenSize()); // for hidden states that are summed
    spec.layerStages().forEach(stage -> widen(slots, stage));
    return new ActivationSizes(
        slots,
        attends(spec).mapToLong(step -> step.attention().queryWidth()).max().orElse(0),
        attends(spec).mapToLong(step -> step.attention().heads()).max().orElse(0),
        attends(spec)
            .map(Step.Attend::attention)
            .filter(a -> a.sharesKeys() || a.values() != AttentionSpec.Values.PLAIN)
            .mapToLong(AttentionSpec::width)
            .max()
            .orElse(0),
        spec.hiddenSize(),
        spec.mostChosen() > 0 ? ExpertKernels.COMBINED_COPIES : 1,
        spec.steps().mapToLong(ActivationSizes::routerWidth).max().orElse(0),
        spec.steps().mapToLong(ActivationSizes::gateWidth).max().orElse(0),
        spec.steps().mapToLong(ActivationSizes::wholeWidth).max().orElse(0));
  }

  private static long routerWidth(Step step) {
    return step instanceof Step.Route route ? (long) ROUTER_COPIES * route.routing().experts() : 0;
  }

  private static long gateWidth(Step step) {
    return step instanceof Step.GateNormed gate ? (long) GATED_COPIES * gate.target().width() : 0;
  }

  private static long wholeWidth(Step step) {
    if (step instanceof Step.LatentProduct latent) {
      return Math.max(latent.heads().latent(), latent.heads().value());
    }
    return step instanceof Step.Product product && product.transposed()
        ? product.matrix().columns()
        : 0;
  }

  private static Stream<Step.Attend> attends(DecoderSpec spec) {
    return spec.steps().filter(Step.Attend.class::isInstance).map(Step.Attend.class::cast);
  }

  private static void widen(List<Integer> slots, Stage stage) {
    BufferSlots.of(stage).slots().forEach((buffer, slot) -> widen(slots, slot, buffer.width()));
  }

  private static void widen(List<Integer> slots, int slot, int width) {
    while (slots.size() <= slot) {
      slots.add(0);
    }
    slots.set(slot, Math.max(width, slots.get(slot)));
  }

  /** What the buffers take for blocks of so many tokens. */
  public Footprint footprint(NumberType type, int blockTokens) {
    return Footprint.device(OWNER, blockTokens * bufferElements() * type.bytes());
  }

  /**
   * What results of kernels take on their way into the buffers: an up product or what attention
   * gives, and what some rows take at once, queries that are rotated, half a head at a time, or
   * norms. The device's allocator cuts what it has, and cannot use all of it.
   *
   * @param tileRows the most rows of a tile
   * @param onCpu whether it computes in parts as a CPU does
   */
  public Footprint temporaries(NumberType type, int blockTokens, long tileRows, boolean onCpu) {
    long product = Math.max(tileRows * type.bytes(), wholeWidth * Float.BYTES);
    long attention = queryWidth * type.bytes() + 2 * heads * Float.BYTES;
    long queries = partRows(blockTokens, queryWidth, onCpu) * (exactWidth + 2 * queryWidth);
    long norms = partRows(blockTokens, hiddenSize, onCpu) * hiddenSize * rowCopies;
    long router = partRows(blockTokens, routerWidth / ROUTER_COPIES, onCpu) * routerWidth;
    long gates = partRows(blockTokens, 1, true) * gateWidth;
    long part = Math.max(Math.max(queries, norms), Math.max(router, gates)) * Float.BYTES;
    long bytes = blockTokens * Math.max(product, attention) + part;
    return Footprint.device(RESULTS, (long) (bytes * CUT_UP));
  }

  private static long partRows(int blockTokens, long width, boolean onCpu) {
    return Math.min(blockTokens, RowParts.partRows(Math.max(1, width), onCpu));
  }

  /**
   * Elements that one token of a block takes at most, results of products on their way into the
   * buffers included.
   */
  public long elementsPerBlockToken() {
    long widest = slots.stream().mapToLong(Integer::longValue).max().orElse(0);
    long rows = Math.max(hiddenSize * rowCopies, Math.max(routerWidth, gateWidth));
    return bufferElements() + widest + rows;
  }

  private long bufferElements() {
    return slots.stream().mapToLong(Integer::longValue).sum();
  }
}
