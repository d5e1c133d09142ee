package dev.strata.udfs.engine;

import dev.strata.udfs.stream.SlotRing;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.HostArena;
import dev.strata.udfs.tensor.Lane;
import dev.strata.udfs.tensor.Mark;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Rounding;
import dev.strata.udfs.tensor.Tensor;
import dev.strata.udfs.transformer.BlockState;
import dev.strata.udfs.transformer.TokenBlock;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Hidden states that live in host memory and pass through a ring on the device, block after block,
 * once for each stage. The only block of a sweep stays on the device from its embedding to its
 * head.
 */
final class SpilledHidden implements HiddenStates {

  /** A block on its way to a stage; the first time it is embedded. */
  private record Load(TokenBlock block, int index, int stage) {}

  private static final String RING = "hidden ring";
  private static final String OWNER = "hidden states";
  private static final int SLOTS = 3;

  private final ComputeDevice device;
  private final Embedding embedding;
  private final Lane compute;
  private final Lane loads;
  private final Lane stores;
  private final Holdings holdings = new Holdings();
  private final Holdings ofSlots = new Holdings();
  private final List<StateRows> slots = new ArrayList<>();
  private final List<Mark> free = new ArrayList<>();
  private final List<Mark> ready = new ArrayList<>();
  private final List<Mark> computed = new ArrayList<>();
  private final List<Mark> stored = new ArrayList<>();
  private final HostArena host;
  private final SlotRing<Load> ring;
  private final AtomicLong bytesCopied = new AtomicLong();
  private final int width;
  private final int carriedWidth;
  private final int placeTokens;

  // Written before loads of the first stage are demanded, read by them.
  private volatile int[] tokenIds;

  // Of the loading thread.
  private boolean loadsBound;

  private List<TokenBlock> blocks = List.of();
  private int stages;
  private Only only;

  /**
   * @param blockTokens the most tokens of a block
   * @param width elements of a token
   * @param carriedWidth those of them that it carries beside the residual stream
   * @param sweepTokens the most tokens of a sweep
   */
  SpilledHidden(
      ComputeDevice device,
      Embedding embedding,
      int blockTokens,
      int width,
      int carriedWidth,
      int sweepTokens,
      Lane compute,
      Lane loads,
      Lane stores) {
    this.device = device;
    this.embedding = embedding;
    this.compute = compute;
    this.loads = loads;
    this.stores = stores;
    NumberType type = device.residualType();
    this.width = width;
    this.carriedWidth = carriedWidth;
    this.placeTokens = blockTokens;
    try {
      holdings.add(ofSlots);
      allocateSlots(blockTokens);
      for (int i = 0; i < SLOTS; i++) {
        free.add(newMark());
        ready.add(newMark());
        computed.add(newMark());
      }
      long placeBytes = (long) blockTokens * width * type.bytes();
      this.host =
          holdings.add(
              device.hostArena(
                  OWNER, type, Collections.nCopies(places(sweepTokens, blockTokens), placeBytes)));
      this.ring = holdings.add(new SlotRing<>("strata-hidden", SLOTS, this::load));
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  private Mark newMark() {
    return holdings.add(device.newMark());
  }

  /** All of them or, if one cannot be had, none. */
  private void allocateSlots(int blockTokens) {
    try {
      for (int i = 0; i < SLOTS; i++) {
        slots.add(ofSlots.add(new StateRows(device, RING, blockTokens, width, carriedWidth)));
      }
    } catch (Throwable e) {
      ofSlots.closeAfter(e);
      slots.clear();
      throw e;
    }
  }

  /** Places in host memory stay as large as they are: blocks are found in them by their tokens. */
  @Override
  public void shrink(int blockTokens) {
    ofSlots.close();
    slots.clear();
    device.releaseCached();
    allocateSlots(blockTokens);
  }

  /** None where all tokens stay in one block. */
  private static int places(int sweepTokens, int blockTokens) {
    int blocks = sweepTokens / blockTokens;
    return blocks > 1 ? blocks : 0;
  }

  /**
   * What it takes.
   *
   * @param type of the residual stream
   * @param pinned whether host memory is pinned
   */
  static Footprint footprint(
      int blockTokens, int width, int sweepTokens, NumberType type, boolean pinned) {
    long place = (long) blockTokens * width * type.bytes();
    return Footprint.sum(
        Footprint.device(RING, SLOTS * Rounding.device(place, pinned)),
        Footprint.host(
            OWNER, HostArena.bytes(places(sweepTokens, blockTokens), place, pinned, false)));
  }

  @Override
  public void begin(int[] ids, List<TokenBlock> sweepBlocks, int stageCount) {
    tokenIds = ids;
    blocks = sweepBlocks;
    stages = stageCount;
    List<Load> first = new ArrayList<>();
    for (int i = 0; i < blocks.size(); i++) {
      first.add(new Load(blocks.get(i), i, 0));
    }
    while (stored.size() < blocks.size()) {
      stored.add(newMark());
    }
    ring.demand(first);
  }

  private void load(long count, Load load, int slot, Runnable started) throws IOException {
    if (!loadsBound) {
      loads.bind();
      loadsBound = true;
    }
    started.run();
    loads.await(free.get(slot));
    device.discard(slots.get(slot).whole());
    try {
      fill(load, slots.get(slot).whole());
    } finally {
      loads.record(ready.get(slot));
    }
  }

  private void fill(Load load, Tensor slot) throws IOException {
    if (load.stage() == 0) {
      embed(load.block(), slot);
    } else {
      loads.await(stored.get(load.index()));
      loads.run("hidden in", () -> copy(load.block(), slot, false));
    }
  }

  private void embed(TokenBlock block, Tensor slot) throws IOException {
    int end = block.first() + block.tokens();
    embedding.embed(Arrays.copyOfRange(tokenIds, block.first(), end), slot, 0);
  }

  /** Copies a block's rows; those of one place at once. */
  private void copy(TokenBlock block, Tensor slot, boolean toHost) {
    long row = 0;
    while (row < block.tokens()) {
      long token = block.first() + row;
      long in = token % placeTokens;
      long rows = Math.min(block.tokens() - row, placeTokens - in);
      Tensor place = host.tensor((int) (token / placeTokens));
      if (toHost) {
        copyRows(slot, row, rows, place, in);
      } else {
        copyRows(place, in, rows, slot, row);
      }
      row += rows;
    }
    bytesCopied.addAndGet(block.tokens() * (long) width * device.residualType().bytes());
  }

  private void copyRows(Tensor from, long row, long rows, Tensor to, long toRow) {
    device.kernels().copyFlat(from, row * width, rows * width, to, toRow * width);
  }

  @Override
  public Access open() throws IOException {
    if (only != null) {
      return only;
    }
    SlotRing<Load>.Lease lease = ring.next();
    try {
      compute.await(ready.get(lease.slot()));
    } catch (Throwable e) {
      lease.close();
      throw e;
    }
    if (blocks.size() == 1) {
      only = new Only(lease);
      return only;
    }
    return new Passing(lease);
  }

  /** The only block of a sweep. */
  private final class Only implements Access {

    private final SlotRing<Load>.Lease lease;

    Only(SlotRing<Load>.Lease lease) {
      this.lease = lease;
    }

    @Override
    public BlockState state() {
      return slots.get(lease.slot()).of(lease.entry().block(), 0);
    }

    @Override
    public void close() {}

    void release() {
      try {
        compute.record(free.get(lease.slot()));
      } finally {
        lease.close();
      }
    }
  }

  private final class Passing implements Access {

    private final SlotRing<Load>.Lease lease;

    Passing(SlotRing<Load>.Lease lease) {
      this.lease = lease;
    }

    @Override
    public BlockState state() {
      return slots.get(lease.slot()).of(lease.entry().block(), 0);
    }

    @Override
    public void close() {
      Load load = lease.entry();
      int slot = lease.slot();
      boolean isLast = load.stage() + 1 == stages;
      try {
        if (isLast) {
          compute.record(free.get(slot));
        } else {
          send(load, slot);
        }
      } finally {
        lease.close();
      }
      if (!isLast) {
        ring.demand(List.of(new Load(load.block(), load.index(), load.stage() + 1)));
      }
    }
  }

  /** Sends a block's rows to the host; the computing thread does not wait. */
  private void send(Load load, int slot) {
    compute.record(computed.get(slot));
    stores.bind();
    try {
      stores.await(computed.get(slot));
      try {
        stores.run("hidden out", () -> copy(load.block(), slots.get(slot).whole(), true));
      } finally {
        stores.record(stored.get(load.index()));
        stores.record(free.get(slot));
      }
    } finally {
      compute.bind();
    }
  }

  @Override
  public void end() {
    Only held = only;
    only = null;
    if (held != null) {
      held.release();
    }
  }

  @Override
  public void abandon() {
    end();
    ring.abandon();
    ready.forEach(Mark::awaitOnHost);
    free.forEach(Mark::awaitOnHost);
    stored.forEach(Mark::awaitOnHost);
  }

  @Override
  public long bytesCopied() {
    return bytesCopied.get();
  }

  @Override
  public void close() {
    holdings.close();
  }
}
