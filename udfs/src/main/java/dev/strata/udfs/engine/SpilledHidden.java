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

  /** A block on its way to a stage. */
  private record Load(TokenBlock block, int index, Source source) {}

  /** Where a block comes from. */
  private enum Source {
    EMBEDDING,
    HOST,
    HOST_WITH_KEPT
  }

  private static final String KEPT = "inputs of experts";
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
  // null where nothing is kept
  private final HostArena keptHost;
  private final SlotRing<Load> ring;
  private final AtomicLong bytesCopied = new AtomicLong();
  private final TokenState state;
  private final int placeTokens;

  // Written before loads of the first stage are demanded, read by them.
  private volatile int[] tokenIds;

  // Of the loading thread.
  private boolean loadsBound;

  private List<TokenBlock> blocks = List.of();
  private Only only;

  /**
   * @param blockTokens the most tokens of a block
   * @param sweepTokens the most tokens of a sweep
   */
  SpilledHidden(
      ComputeDevice device,
      Embedding embedding,
      int blockTokens,
      TokenState state,
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
    this.state = state;
    this.placeTokens = blockTokens;
    try {
      holdings.add(ofSlots);
      allocateSlots(blockTokens);
      for (int i = 0; i < SLOTS; i++) {
        free.add(newMark());
        ready.add(newMark());
        computed.add(newMark());
      }
      this.host = arena(OWNER, type, state.width(), sweepTokens);
      this.keptHost =
          state.keeps()
              ? arena(KEPT, state.keptType(device), state.hiddenSize(), sweepTokens)
              : null;
      this.ring = holdings.add(new SlotRing<>("strata-hidden", SLOTS, this::load));
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  private HostArena arena(String owner, NumberType type, int width, int sweepTokens) {
    long placeBytes = (long) placeTokens * width * type.bytes();
    int places = places(sweepTokens, placeTokens);
    return holdings.add(device.hostArena(owner, type, Collections.nCopies(places, placeBytes)));
  }

  private Mark newMark() {
    return holdings.add(device.newMark());
  }

  /** All of them or, if one cannot be had, none. */
  private void allocateSlots(int blockTokens) {
    try {
      for (int i = 0; i < SLOTS; i++) {
        slots.add(ofSlots.add(new StateRows(device, RING, KEPT, blockTokens, state)));
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
    return footprint(RING, OWNER, blockTokens, width, sweepTokens, type, pinned);
  }

  /**
   * What it takes besides where layers keep something of tokens.
   *
   * @param type of the mathematics
   */
  static Footprint keptFootprint(
      int blockTokens, int hiddenSize, int sweepTokens, NumberType type, boolean pinned) {
    return footprint(KEPT, KEPT, blockTokens, hiddenSize, sweepTokens, type, pinned);
  }

  private static Footprint footprint(
      String ofRing,
      String ofHost,
      int blockTokens,
      int width,
      int sweepTokens,
      NumberType type,
      boolean pinned) {
    long place = (long) blockTokens * width * type.bytes();
    return Footprint.sum(
        Footprint.device(ofRing, SLOTS * Rounding.device(place, pinned)),
        Footprint.host(
            ofHost, HostArena.bytes(places(sweepTokens, blockTokens), place, pinned, false)));
  }

  @Override
  public void begin(int[] ids, List<TokenBlock> sweepBlocks) {
    tokenIds = ids;
    blocks = sweepBlocks;
    List<Load> first = new ArrayList<>();
    for (int i = 0; i < blocks.size(); i++) {
      first.add(new Load(blocks.get(i), i, Source.EMBEDDING));
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
    device.discard(slots.get(slot).kept());
    try {
      fill(load, slots.get(slot));
    } finally {
      loads.record(ready.get(slot));
    }
  }

  private void fill(Load load, StateRows slot) throws IOException {
    if (load.source() == Source.EMBEDDING) {
      embed(load.block(), slot.whole());
      return;
    }
    loads.await(stored.get(load.index()));
    loads.run("hidden in", () -> copy(load.block(), host, slot.whole(), false));
    if (load.source() == Source.HOST_WITH_KEPT) {
      loads.run("kept in", () -> copy(load.block(), keptHost, slot.kept(), false));
    }
  }

  private void embed(TokenBlock block, Tensor slot) throws IOException {
    int end = block.first() + block.tokens();
    embedding.embed(Arrays.copyOfRange(tokenIds, block.first(), end), slot, 0);
  }

  /** Copies a block's rows; those of one place at once. */
  private void copy(TokenBlock block, HostArena places, Tensor slot, boolean toHost) {
    long width = slot.size(1);
    long row = 0;
    while (row < block.tokens()) {
      long token = block.first() + row;
      long in = token % placeTokens;
      long rows = Math.min(block.tokens() - row, placeTokens - in);
      Tensor place = places.tensor((int) (token / placeTokens));
      if (toHost) {
        copyRows(slot, row, rows, width, place, in);
      } else {
        copyRows(place, in, rows, width, slot, row);
      }
      row += rows;
    }
    bytesCopied.addAndGet(block.tokens() * width * slot.type().bytes());
  }

  private void copyRows(Tensor from, long row, long rows, long width, Tensor to, long toRow) {
    device.kernels().copyFlat(from, row * width, rows * width, to, toRow * width);
  }

  @Override
  public Access open(Next next) throws IOException {
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
    return new Passing(lease, next);
  }

  private BlockState stateOf(SlotRing<Load>.Lease lease) {
    return slots.get(lease.slot()).of(lease.entry().block(), 0);
  }

  /** The only block of a sweep. */
  private final class Only implements Access {

    private final SlotRing<Load>.Lease lease;

    Only(SlotRing<Load>.Lease lease) {
      this.lease = lease;
    }

    @Override
    public BlockState state() {
      return stateOf(lease);
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
    private final Next next;

    Passing(SlotRing<Load>.Lease lease, Next next) {
      this.lease = lease;
      this.next = next;
    }

    @Override
    public BlockState state() {
      return stateOf(lease);
    }

    @Override
    public void close() {
      Load load = lease.entry();
      int slot = lease.slot();
      try {
        if (next == Next.ENDS) {
          compute.record(free.get(slot));
        } else {
          send(load, slot, next == Next.OPENED_WITH_KEPT);
        }
      } finally {
        lease.close();
      }
      if (next != Next.ENDS) {
        Source from = next == Next.OPENED ? Source.HOST : Source.HOST_WITH_KEPT;
        ring.demand(List.of(new Load(load.block(), load.index(), from)));
      }
    }
  }

  /** Sends a block's rows to the host; the computing thread does not wait. */
  private void send(Load load, int slot, boolean needsKept) {
    compute.record(computed.get(slot));
    stores.bind();
    try {
      stores.await(computed.get(slot));
      try {
        stores.run("hidden out", () -> copy(load.block(), host, slots.get(slot).whole(), true));
        // What came from there is there.
        if (needsKept && load.source() != Source.HOST_WITH_KEPT) {
          stores.run("kept out", () -> copy(load.block(), keptHost, slots.get(slot).kept(), true));
        }
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
