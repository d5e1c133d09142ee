package dev.strata.udfs.transformer;

import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.ExpertKernels;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;

/**
 * What experts made of a block's tokens, until it is added to their hidden states at once. Adding
 * what each expert made by itself would take a GPU longer than making it.
 */
public final class ExpertResults implements AutoCloseable {

  public static final String OWNER = "results of experts";

  private static final long LARGEST_BYTES = 320L << 20;

  /** Of so many rows one may be padding. */
  private static final int ROWS_OF_PADDING = 4;

  private final Holdings holdings = new Holdings();
  private final ComputeDevice device;
  private final NumberType type;
  private final int hiddenSize;
  private final int most;
  // [1 + capacity, hidden], the first of zeros
  private Tensor rows;
  // [tokens of a block · most] int64
  private Tensor places;
  private int next;

  /**
   * @param type of activations
   * @param most experts of a token
   */
  public ExpertResults(
      ComputeDevice device, NumberType type, int hiddenSize, int most, int blockTokens) {
    this.device = device;
    this.type = type;
    this.hiddenSize = hiddenSize;
    this.most = most;
    allocate(blockTokens);
  }

  /** What it takes for blocks of so many tokens. */
  public static Footprint footprint(NumberType type, int hiddenSize, int most, int blockTokens) {
    long row = (long) hiddenSize * type.bytes();
    return Footprint.device(
        OWNER,
        (1L + capacity(row, most, blockTokens)) * row + (long) blockTokens * most * Long.BYTES);
  }

  /** As many rows as a block has choices, if memory for them is not too large. */
  private static int capacity(long rowBytes, int most, int blockTokens) {
    long all = (long) blockTokens * most;
    long some = Math.min(all + all / ROWS_OF_PADDING, LARGEST_BYTES / rowBytes);
    return (int) Math.max(blockTokens, some);
  }

  private void allocate(int blockTokens) {
    int capacity = capacity((long) hiddenSize * type.bytes(), most, blockTokens);
    try {
      rows = holdings.add(device.allocate(OWNER, type, 1L + capacity, hiddenSize));
      places = holdings.add(device.allocate(OWNER, NumberType.INT64, (long) blockTokens * most));
      try (Tensor nothing = device.kernels().part(rows, 0, 1)) {
        device.kernels().clear(nothing);
      }
      device.kernels().clear(places);
      next = 1;
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  /** There are none. */
  void forget() {
    if (next != 1) {
      device.kernels().clear(places);
      next = 1;
    }
  }

  /** Rows that it has room for. */
  int capacity() {
    return Math.toIntExact(rows.size(0)) - 1;
  }

  /** Makes room for blocks of another size; there must be no results. */
  public void resize(int blockTokens) {
    holdings.close();
    allocate(blockTokens);
  }

  /** Whether so many rows have room beside those that are there. */
  public boolean hasRoom(int count) {
    return next + (long) count <= rows.size(0);
  }

  Tensor rows() {
    return rows;
  }

  /** The row where the next results go. */
  int next() {
    return next;
  }

  /** The next rows have the results of these choices, of tokens from {@code first} on. */
  void place(ExpertKernels.PaddedChoices choices, long first) {
    device.kernels().experts().placeExperts(choices, first, next, places);
    next += Math.toIntExact(choices.all().elements());
  }

  /**
   * Adds all results to the hidden states of the block's tokens, times what the experts weigh.
   *
   * @param chosen experts of a token in this layer
   */
  void combine(Choices choices, int chosen, BlockState block) {
    if (next == 1) {
      return;
    }
    TokenBlock tokens = block.block();
    device
        .kernels()
        .experts()
        .combineExperts(
            new ExpertKernels.PlacedResults(rows, places, most, chosen),
            choices.weights(),
            tokens.first(),
            tokens.tokens(),
            block.hidden(),
            block.row());
    forget();
  }

  @Override
  public void close() {
    holdings.close();
  }
}
