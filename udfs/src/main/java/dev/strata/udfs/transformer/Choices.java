package dev.strata.udfs.transformer;

import dev.strata.udfs.model.RoutingSpec;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.Kernels;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * Which experts the tokens of a sweep chose in the layer at hand, and what they weigh. Routers fill
 * it block by block; when all blocks have passed, {@link #settle} says who chose which.
 */
public final class Choices implements AutoCloseable {

  private static final String OWNER = "choices of experts";

  private final Holdings holdings = new Holdings();
  private final ComputeDevice device;
  private final int most;
  // [tokens of a sweep, most] int64
  private final Tensor experts;
  // [tokens of a sweep, most] float32
  private final Tensor weights;
  // [tokens of a sweep · most] int64: token · most + place, by expert, then by token
  private final Tensor order;

  // The same on the heap, and where each expert's begin in it; one more for their end.
  private long[] sorted = {};
  // [blocks · experts · 2] int64, of those experts that are batched; null where none are
  private Tensor bounds;
  private int[] begins = {0, 0};

  /**
   * @param sweepTokens the most tokens of a sweep
   * @param most the most experts of a token
   */
  public Choices(ComputeDevice device, int sweepTokens, int most) {
    this.device = device;
    this.most = most;
    try {
      this.experts = holdings.add(device.allocate(OWNER, NumberType.INT64, sweepTokens, most));
      this.weights = holdings.add(device.allocate(OWNER, NumberType.FLOAT32, sweepTokens, most));
      this.order =
          holdings.add(device.allocate(OWNER, NumberType.INT64, (long) sweepTokens * most));
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  /**
   * What it takes; the order is made on the heap and copied, and so are bounds.
   *
   * @param experts the most of a layer
   * @param blockTokens the most tokens of a block, which is more than half full
   */
  public static Footprint footprint(int sweepTokens, int most, int experts, int blockTokens) {
    if (most == 0) {
      return Footprint.NONE;
    }
    long choices = (long) sweepTokens * most;
    long bounds = 2L * experts * (2L * sweepTokens / blockTokens + 1);
    return Footprint.sum(
        Footprint.device(OWNER, choices * (3 * Long.BYTES + Float.BYTES) + bounds * Long.BYTES),
        Footprint.heap(OWNER, (3 * choices + bounds) * Long.BYTES));
  }

  /** Fills the choices of a block's tokens from a router's products, [tokens, experts]. */
  void choose(Tensor scores, TokenBlock block, RoutingSpec routing, Tensor correction) {
    Kernels.Routing kernel =
        new Kernels.Routing(
            routing.chosen(),
            scoring(routing.scoring()),
            correction,
            routing.groups(),
            routing.groupsChosen(),
            routing.normalised(),
            routing.scale());
    device.kernels().route(scores, block.tokens(), kernel, experts, weights, block.first());
  }

  private static Kernels.Scoring scoring(RoutingSpec.Scoring scoring) {
    return switch (scoring) {
      case SOFTMAX -> Kernels.Scoring.SOFTMAX;
      case SIGMOID -> Kernels.Scoring.SIGMOID;
      case CHOSEN_SOFTMAX -> Kernels.Scoring.NONE;
    };
  }

  /**
   * Waits for the routers of all blocks and sorts what they chose.
   *
   * @param tokens of the sweep
   */
  public void settle(int tokens, RoutingSpec routing) {
    long[] chosen;
    try (Tensor filled = device.kernels().matrix(experts, tokens, most)) {
      chosen = device.kernels().toLongs(filled);
    }
    begins = new int[routing.experts() + 1];
    for (int i = 0; i < chosen.length; i++) {
      if (i % most < routing.chosen()) {
        begins[Math.toIntExact(chosen[i]) + 1]++;
      }
    }
    Arrays.parallelPrefix(begins, Integer::sum);
    sorted = new long[begins[routing.experts()]];
    int[] next = begins.clone();
    for (int i = 0; i < chosen.length; i++) {
      if (i % most < routing.chosen()) {
        sorted[next[(int) chosen[i]]++] = i;
      }
    }
    try (Tensor uploaded = device.indexes(sorted)) {
      device.kernels().copy(uploaded, 0, sorted.length, order, 0);
    }
  }

  /**
   * Prepares batches of experts.
   *
   * @param experts in the order in which they pass
   */
  public void bound(List<TokenBlock> blocks, int[] experts) {
    long[] values = new long[2 * blocks.size() * experts.length];
    int next = 0;
    for (TokenBlock block : blocks) {
      for (int expert : experts) {
        values[next++] = firstFrom(expert, block.first());
        values[next++] = count(expert, block);
      }
    }
    unbound();
    bounds = device.indexes(values);
  }

  private void unbound() {
    if (bounds != null) {
      bounds.close();
      bounds = null;
    }
  }

  /**
   * Tokens of a block that chose some experts, each at least one.
   *
   * @param at where the first of them is in what {@link #bound} was given, blocks one after another
   */
  Kernels.ChosenOfExperts chosen(List<Integer> experts, int at, int rows, TokenBlock block) {
    List<Integer> counts = experts.stream().map(expert -> count(expert, block)).toList();
    return new Kernels.ChosenOfExperts(order, bounds, at, counts, rows, most);
  }

  /** How many tokens chose an expert. */
  public int count(int expert) {
    return begins[expert + 1] - begins[expert];
  }

  /** How many tokens of a block chose an expert. */
  public int count(int expert, TokenBlock block) {
    return firstFrom(expert, block.first() + block.tokens()) - firstFrom(expert, block.first());
  }

  /** Tokens of a block that chose an expert, at least one. */
  Kernels.Chosen chosen(int expert, TokenBlock block) {
    int begin = firstFrom(expert, block.first());
    return new Kernels.Chosen(order, begin, count(expert, block), most);
  }

  /** The first choice of an expert by this token or one behind it. */
  private int firstFrom(int expert, int token) {
    int found =
        Arrays.binarySearch(sorted, begins[expert], begins[expert + 1], (long) token * most);
    return found >= 0 ? found : -found - 1;
  }

  Tensor weights() {
    return weights;
  }

  @Override
  public void close() {
    unbound();
    holdings.close();
  }
}
