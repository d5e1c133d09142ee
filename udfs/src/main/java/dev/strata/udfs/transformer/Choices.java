package dev.strata.udfs.transformer;

import dev.strata.udfs.model.RoutingSpec;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.ExpertKernels;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/**
 * Which experts the tokens of a sweep chose in the layer at hand, and what they weigh. Routers fill
 * it block by block; when all blocks have passed, {@link #settle} says who chose which.
 */
public final class Choices implements AutoCloseable {

  private static final String OWNER = "choices of experts";

  /** Of a block's choices while they are sorted: experts and places, as they were and in order. */
  private static final int SORTING_COPIES = 6;

  private final Holdings holdings = new Holdings();
  private final ComputeDevice device;
  private final int most;
  // [tokens of a sweep, most] int64
  private final Tensor experts;
  // [tokens of a sweep, most] float32
  private final Tensor weights;
  // [tokens of a sweep · most] int64: token · most + place, by expert, then by token
  private final Tensor order;

  // [blocks · experts · 3] int64, of those experts that are batched; null where none are
  private Tensor bounds;
  private Settled settled = new Settled(List.of(), 0, new long[0], new int[0]);

  /**
   * Who chose whom.
   *
   * @param blocks of the sweep, in the order of their tokens
   * @param experts of the layer
   * @param begins [blocks, experts + 1]: where each expert's begin among the choices of a block
   * @param counts of each expert, in all blocks
   */
  @SuppressWarnings("ArrayRecordComponent") // not compared
  private record Settled(List<TokenBlock> blocks, int experts, long[] begins, int[] counts) {

    int begin(int expert, TokenBlock block) {
      return (int) begins[place(block) * (experts + 1) + expert];
    }

    private int place(TokenBlock block) {
      int place =
          Collections.binarySearch(blocks, block, Comparator.comparingInt(TokenBlock::first));
      return Objects.checkIndex(place, blocks.size());
    }
  }

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
   * What it takes, and what sorting a block's choices does.
   *
   * @param experts the most of a layer
   * @param blockTokens the most tokens of a block, which is more than half full
   */
  public static Footprint footprint(int sweepTokens, int most, int experts, int blockTokens) {
    if (most == 0) {
      return Footprint.NONE;
    }
    long blocks = 2L * sweepTokens / blockTokens + 1;
    long table = blocks * (experts + 1L);
    long bounds = 3L * experts * blocks;
    long sorted = SORTING_COPIES * (long) Math.min(sweepTokens, blockTokens) * most;
    return Footprint.sum(
        Footprint.device(
            OWNER,
            (long) sweepTokens * most * (2 * Long.BYTES + Float.BYTES)
                + (table + bounds + sorted) * Long.BYTES),
        Footprint.heap(OWNER, (table + bounds) * Long.BYTES));
  }

  /** Fills the choices of a block's tokens from a router's products, [tokens, experts]. */
  void choose(Tensor scores, TokenBlock block, RoutingSpec routing, Tensor correction) {
    ExpertKernels.Routing kernel =
        new ExpertKernels.Routing(
            routing.chosen(),
            scoring(routing.scoring()),
            correction,
            routing.groups(),
            routing.groupsChosen(),
            routing.normalised(),
            routing.scale());
    device
        .kernels()
        .experts()
        .route(scores, block.tokens(), kernel, experts, weights, block.first());
  }

  private static ExpertKernels.Scoring scoring(RoutingSpec.Scoring scoring) {
    return switch (scoring) {
      case SOFTMAX -> ExpertKernels.Scoring.SOFTMAX;
      case SIGMOID -> ExpertKernels.Scoring.SIGMOID;
      case CHOSEN_SOFTMAX -> ExpertKernels.Scoring.NONE;
    };
  }

  /**
   * Sorts what the routers of all blocks chose, and waits for it.
   *
   * @param blocks of the sweep, in the order of their tokens
   */
  public void settle(List<TokenBlock> blocks, RoutingSpec routing) {
    int experts = routing.experts();
    long[] begins;
    try (Tensor table = device.allocate(OWNER, NumberType.INT64, blocks.size(), experts + 1L)) {
      for (int i = 0; i < blocks.size(); i++) {
        TokenBlock block = blocks.get(i);
        device
            .kernels()
            .experts()
            .sortChoices(
                this.experts, block.first(), block.tokens(), routing.chosen(), order, table, i);
      }
      begins = device.kernels().toLongs(table);
    }
    int[] counts = new int[experts];
    for (int block = 0; block < blocks.size(); block++) {
      for (int expert = 0; expert < experts; expert++) {
        int at = block * (experts + 1) + expert;
        counts[expert] += Math.toIntExact(begins[at + 1] - begins[at]);
      }
    }
    settled = new Settled(List.copyOf(blocks), experts, begins, counts);
  }

  /**
   * Prepares batches of experts.
   *
   * @param experts in the order in which they pass
   */
  public void bound(List<TokenBlock> blocks, int[] experts) {
    long[] values = new long[3 * blocks.size() * experts.length];
    int next = 0;
    for (TokenBlock block : blocks) {
      for (int expert : experts) {
        values[next++] = begin(expert, block);
        values[next++] = count(expert, block);
        values[next++] = expert;
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
  ExpertKernels.ChosenOfExperts chosen(List<Integer> experts, int at, int rows, TokenBlock block) {
    List<Integer> counts = experts.stream().map(expert -> count(expert, block)).toList();
    return new ExpertKernels.ChosenOfExperts(order, bounds, at, counts, rows, most);
  }

  /** How many tokens chose an expert. */
  public int count(int expert) {
    return settled.counts()[expert];
  }

  /** How many tokens of a block chose an expert. */
  public int count(int expert, TokenBlock block) {
    return settled.begin(expert + 1, block) - settled.begin(expert, block);
  }

  /** Tokens of a block that chose an expert, at least one. */
  ExpertKernels.Chosen chosen(int expert, TokenBlock block) {
    return new ExpertKernels.Chosen(order, begin(expert, block), count(expert, block), most);
  }

  /** Where those of an expert begin in the order. */
  private long begin(int expert, TokenBlock block) {
    return (long) block.first() * most + settled.begin(expert, block);
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
