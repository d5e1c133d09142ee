package dev.strata.udfs.engine;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.SweepTimes;
import dev.strata.udfs.concurrent.Activity;
import dev.strata.udfs.engine.TileProgram.StageTiles;
import dev.strata.udfs.kv.KvPool;
import dev.strata.udfs.kv.StatePool;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.Tile;
import dev.strata.udfs.stream.TileStreamer;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.Lane;
import dev.strata.udfs.tensor.PageTables;
import dev.strata.udfs.tensor.Tensor;
import dev.strata.udfs.transformer.BlockState;
import dev.strata.udfs.transformer.HeadPass;
import dev.strata.udfs.transformer.Positions;
import dev.strata.udfs.transformer.StagePass;
import dev.strata.udfs.transformer.TokenBlock;
import dev.strata.udfs.transformer.Transformer;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Runs sweeps: embedding, each layer's stages tile by tile as the streamer brings them, the head,
 * the choice of tokens.
 *
 * <p>Two loop orders. If the sweep's tokens are one micro-batch, tiles stream past it and each
 * place is free again at once. If they are more, a stage's tiles stay while the micro-batches
 * stream past them; if they cannot all stay, they stream past each micro-batch again, from host
 * memory, so that each tile is still read once. Experts wait until all micro-batches have passed
 * the router of their layer.
 */
final class Sweeper implements AutoCloseable {

  private final DecoderSpec spec;
  private final Counters counters;
  private final Activity activity;
  private final SweepResources resources;
  private final MemoryPlan plan;
  private final ComputeDevice device;
  private final Lane compute;
  private final WeightStream weights;
  private final SweepMemory memory;
  private final Positions.Ropes ropes;
  private final Transformer transformer;
  private final Head head;
  private final TileProgram program;
  private final ReadLog reads;
  private final boolean fusedAttention;
  private final SweepRecorder recorder;
  private final PassingTiles tiles;
  private final Map<Integer, ExpertSweep> experts; // by the first's stage
  private int blockTokens;

  Sweeper(
      Checkpoint checkpoint,
      ComputeDevice device,
      MemoryPlan plan,
      EngineOptions options,
      Counters counters,
      EngineListener listener,
      SweepObserver observer) {
    this.spec = checkpoint.spec();
    this.counters = counters;
    this.activity = counters.activity();
    this.reads = new ReadLog(listener, activity);
    this.resources = new SweepResources(checkpoint, device, plan, options, reads);
    try {
      this.plan = plan;
      this.device = device;
      this.compute = resources.lanes().compute();
      this.weights = resources.weights();
      this.memory = resources.memory();
      this.ropes = resources.ropes();
      this.transformer = resources.transformer();
      this.head = resources.head();
      this.recorder =
          new SweepRecorder(
              observer, new SweepClock(plan.isStaged(), reads), reads, memory, resources.lanes());
      this.tiles = new PassingTiles(weights, compute, counters, reads, recorder);
      this.fusedAttention = DeviceTraits.of(device, spec).fusedAttention();
      this.blockTokens = plan.blockTokens();
      this.program = weights.program(spec, isOneBlock());
      this.experts = experts();
    } catch (Throwable e) {
      Holdings.closeAfter(e, resources);
      throw e;
    }
  }

  private Map<Integer, ExpertSweep> experts() {
    Map<Integer, ExpertSweep> all = new HashMap<>();
    int end = program.stages().size();
    for (int first = program.nextExperts(0); first < end; ) {
      int behind = program.behindExperts(first);
      all.put(first, new ExpertSweep(program, first, behind, weights, tiles, memory, transformer));
      first = program.nextExperts(behind);
    }
    return all;
  }

  MemoryPlan plan() {
    return plan;
  }

  /** Whether a sweep is a single micro-batch, because nothing is there that holds a stage. */
  private boolean isOneBlock() {
    return plan.sweepTokens() <= plan.blockTokens();
  }

  /** What one sweep can take. */
  SweepLimits limits() {
    int tokens = isOneBlock() ? Math.min(blockTokens, plan.sweepTokens()) : plan.sweepTokens();
    return new SweepLimits(
        tokens, plan.logitRows(), plan.readRows(), passing(tokens), spec.sharesKeys());
  }

  /**
   * The most tokens of a sequence that passes: it has to be in one batch, in a sweep in which all
   * others may want their next token. Where layers share keys, one takes them from the pool.
   */
  private int passing(int tokens) {
    int slot = plan.choice().kvSlotTokens();
    int batch = slot == 0 ? blockTokens : Math.min(blockTokens, slot);
    return spec.sharesKeys() ? 0 : Math.max(0, Math.min(batch, tokens - plan.waveRows()));
  }

  KvPool pool() {
    return memory.pool();
  }

  StatePool statePool() {
    return memory.statePool();
  }

  /** The most tokens that one sequence can have. */
  int longestSequence() {
    return memory.kv().longestSequence();
  }

  MemoryFigures memory() {
    long onDevice = device.peakDeviceBytes();
    long onHost = device.peakHostBytes();
    MemoryPlan.Budgets budgets = plan.budgets();
    return plan.isStaged()
        ? new MemoryFigures(
            onDevice,
            device.pinsMemory() ? PageTables.bytes(onHost) : 0,
            budgets.deviceBytes(),
            onHost,
            budgets.hostBytes())
        : new MemoryFigures(0, 0, 0, onDevice + onHost, budgets.hostBytes());
  }

  /** What has been done, and how far the host memory is that was asked for ahead of its use. */
  EngineSnapshot snapshot(int waitingRows) {
    return counters.snapshot(
        waitingRows, device.hostBytesThere(), device.hostBytesAhead(), memory().ofEngine());
  }

  /** Host memory that is there so far, which comes while sweeps go on. */
  long hostBytesThere() {
    return device.hostBytesThere();
  }

  /** Whether the sweep waits for files. */
  boolean isStorageAwaited() {
    return activity.what() instanceof SweepStep step
        && switch (step) {
          case LOOK -> true;
          case EMBED, HIDDEN -> memory.embedding().isReading();
          case TILE -> weights.isReadAwaited();
          default -> false;
        };
  }

  /** Where everything is, for a log. */
  String describe() {
    MemoryFigures held = memory();
    return ("%s; %s; host memory %d of %d MiB, %d of %d MiB that were asked for ahead are there;"
            + " device memory %d of %d MiB")
        .formatted(
            counters.describe(),
            weights,
            held.hostBytes() >> 20,
            held.hostBudget() >> 20,
            device.hostBytesThere() >> 20,
            device.hostBytesAhead() >> 20,
            held.deviceBytes() >> 20,
            held.deviceBudget() >> 20);
  }

  /** To be called once on the thread that will run the sweeps. */
  void startThread() {
    compute.bind();
  }

  /**
   * Sends the scheduled tokens through the model and chooses the next token of every sequence that
   * is due one.
   *
   * @param followed whether another sweep follows or may follow, so that reading need not stop at
   *     this one's end
   * @param isWanted whether somebody waits for it, which is asked before each tile
   * @throws OutOfDeviceMemory if a kernel found too little memory; no sequence has changed, but
   *     that those with states begin anew, and micro-batches are smaller from now on
   * @throws SweepCancelled if nobody waits for it any more; no sequence has changed, but as above
   */
  void run(SweepSchedule schedule, boolean followed, BooleanSupplier isWanted) throws IOException {
    tiles.begin(isWanted);
    long started = System.nanoTime();
    activity.begins(SweepStep.SCHEDULE);
    recorder.sweepStarted(schedule);
    int chosen = passOrHalve(schedule, followed);
    counters.readInVain(weights.bytesInVain());
    long nanos = System.nanoTime() - started;
    SweepTimes times = recorder.sweepEnded(schedule, chosen, started, nanos);
    counters.sweepEnded(schedule, chosen, nanos, times, recorder.bytesRead(), head.lowMargins());
    schedule.runs().forEach(SweepRun::advance);
  }

  private int passOrHalve(SweepSchedule schedule, boolean followed) throws IOException {
    try {
      return pass(schedule, followed);
    } catch (SweepCancelled e) {
      abandon(schedule);
      throw e;
    } catch (Throwable e) {
      if (!OutOfDeviceMemory.isCauseOf(e)) {
        throw e;
      }
      abandon(schedule);
      throw halved(e);
    }
  }

  /** Choosing tokens is the last that can fail: until then no sequence has changed. */
  private int pass(SweepSchedule schedule, boolean followed) throws IOException {
    List<TokenBlock> blocks =
        schedule.blocks(blockTokens, memory.kv().cutter(), memory.states().cutter());
    try (Holdings uploaded = new Holdings()) {
      blocks.forEach(uploaded::add);
      Positions positions = uploaded.add(ropes.of(schedule.positions(), schedule.spans()));
      blocks.forEach(this::upload);
      demand(blocks, followed);
      return pass(schedule, blocks, positions, followed);
    }
  }

  private void upload(TokenBlock block) {
    block.batches().forEach(batch -> batch.upload(device, fusedAttention, plan.choice().scores()));
    StatePlan states = plan.states();
    block.states().forEach(batch -> batch.upload(device, states.kernel(), states.chunks()));
  }

  private void demand(List<TokenBlock> blocks, boolean followed) {
    weights.demand(program.sweep(blocks.size()));
    demandAhead(0, blocks, followed);
    memory.kv().announce(blocks.stream().flatMap(b -> b.batches().stream()).toList());
    memory.states().announce(blocks.stream().flatMap(b -> b.states().stream()).toList());
  }

  /**
   * What is as good as certain to pass, when all before the next experts from a stage on is
   * demanded: some of them, or the next sweep's first tiles.
   */
  private void demandAhead(int stage, List<TokenBlock> blocks, boolean followed) {
    ExpertSweep next = experts.get(program.nextExperts(stage));
    if (next != null) {
      weights.demand(next.ahead(blocks));
    } else if (followed) {
      weights.demand(program.ahead());
    }
  }

  private int pass(
      SweepSchedule schedule, List<TokenBlock> blocks, Positions positions, boolean followed)
      throws IOException {
    try (HeadRows rows = head.rows(schedule.headRows());
        PooledRows pooled = head.pooled(schedule.pooledRuns())) {
      LastStates last = new LastStates(rows, pooled);
      activity.begins(SweepStep.EMBED);
      memory.hidden().begin(schedule.tokenIds(), blocks);
      int end = program.ofLayers().size();
      int stage = 0;
      while (stage < end) {
        stage = runStages(stage, end, positions, blocks, followed, last);
      }
      memory.hidden().end();
      return runHead(program.ofHead(), last);
    }
  }

  /**
   * Forgets all that was announced for a sweep, and stands still. States that went on in some
   * layers have nowhere to go back to, so that their sequences begin anew.
   */
  private void abandon(SweepSchedule schedule) {
    program.abandon();
    experts.values().forEach(ExpertSweep::abandon);
    weights.abandon();
    memory.kv().abandon();
    memory.states().abandon();
    memory.hidden().abandon();
    device.releaseCached();
    if (!plan.states().format().isEmpty()) {
      schedule.runs().forEach(run -> run.sequence().restart());
    }
  }

  /** Halves micro-batches until there is memory for their buffers. */
  private OutOfDeviceMemory halved(Throwable cause) {
    while (blockTokens > 1) {
      blockTokens = (blockTokens + 1) / 2;
      try {
        memory.shrink(blockTokens);
        return new OutOfDeviceMemory(true, cause);
      } catch (Throwable e) {
        if (!OutOfDeviceMemory.isCauseOf(e)) {
          throw e;
        }
      }
    }
    return new OutOfDeviceMemory(false, cause);
  }

  private StagePass pass(StageTiles stage, Positions positions) {
    counters.layerStarted(stage.of().layer());
    return transformer.pass(stage.of(), positions);
  }

  /** What is taken of the hidden states after the last layer. */
  private record LastStates(HeadRows rows, PooledRows pooled) {

    void pick(BlockState block) {
      rows.pick(block);
      pooled.pick(block);
    }
  }

  /** Runs a stage, or the experts of a layer, and returns the stage behind. */
  private int runStages(
      int stage,
      int end,
      Positions positions,
      List<TokenBlock> blocks,
      boolean followed,
      LastStates last)
      throws IOException {
    StageTiles first = program.stages().get(stage);
    int behind = first.isExpert() ? program.behindExperts(stage) : stage + 1;
    Consumer<BlockState> then = behind == end ? last::pick : block -> {};
    HiddenStates.Next next = next(behind, end);
    if (!first.isExpert()) {
      runStage(first, positions, blocks, next, then);
      return behind;
    }
    counters.layerStarted(first.of().layer());
    ExpertSweep ofLayer = experts.get(stage);
    activity.begins(SweepStep.ROUTE, first);
    weights.demand(ofLayer.choose(blocks));
    weights.demand(program.from(behind, blocks.size()));
    demandAhead(behind, blocks, followed);
    ofLayer.run(blocks, positions, next, then);
    return behind;
  }

  private HiddenStates.Next next(int behind, int end) {
    if (behind == end) {
      return HiddenStates.Next.ENDS;
    }
    return program.stages().get(behind).isExpert()
        ? HiddenStates.Next.OPENED_WITH_KEPT
        : HiddenStates.Next.OPENED;
  }

  /**
   * @param then what is done with each block at the end
   */
  private void runStage(
      StageTiles stage,
      Positions positions,
      List<TokenBlock> blocks,
      HiddenStates.Next next,
      Consumer<BlockState> then)
      throws IOException {
    StagePass pass = pass(stage, positions);
    boolean stays = stage.stays() && blocks.size() > 1;
    TileStreamer.Lease[] leases = new TileStreamer.Lease[stage.count()];
    try {
      for (int block = 0; block < blocks.size(); block++) {
        boolean arriving = block == 0 || !stays;
        boolean leaving = block == blocks.size() - 1 || !stays;
        activity.begins(SweepStep.HIDDEN, stage);
        try (HiddenStates.Access access = memory.hidden().open(next)) {
          for (int i = 0; i < leases.length; i++) {
            leases[i] = arriving ? tiles.next(stage) : leases[i];
            tiles.compute(leases[i], pass, access.state());
            leases[i] = leaving ? tiles.release(leases[i]) : leases[i];
          }
          pass.after(access.state());
          then.accept(access.state());
        }
      }
    } finally {
      PassingTiles.closeAll(leases);
    }
  }

  /** Only when all is computed does anything change, since computing may fail. */
  private int runHead(StageTiles stage, LastStates last) throws IOException {
    counters.layerStarted(stage.of().layer());
    if (last.rows().isEmpty()) {
      skip(stage);
      last.pooled().deliver(last.pooled().sums());
      return 0;
    }
    try (HeadPass pass = head.pass(last.rows())) {
      for (int i = 0; i < stage.count(); i++) {
        TileStreamer.Lease lease = tiles.next(stage);
        try {
          compute(lease, pass);
        } finally {
          tiles.release(lease);
        }
      }
      activity.begins(SweepStep.SETTLE);
      settle();
      float[] sums = last.pooled().sums();
      activity.begins(SweepStep.CHOOSE);
      int chosen = head.choose(last.rows(), pass);
      last.pooled().deliver(sums);
      return chosen;
    }
  }

  private void compute(TileStreamer.Lease lease, HeadPass pass) {
    Tile tile = weights.tile(lease);
    activity.begins(SweepStep.KERNELS, tile);
    compute.run(
        "head",
        () -> {
          try (Tensor vocabulary = weights.matrix(lease)) {
            int most = Math.min(blockTokens, plan.choice().headRowsAtOnce());
            for (int first = 0; first < pass.rows(); first += most) {
              int count = Math.min(most, pass.rows() - first);
              pass.apply(tile.firstRow(), vocabulary, first, count);
            }
          }
        });
  }

  /**
   * Lets the head's tiles pass where no sequence is due a token: all prompts are longer than the
   * sweep, or only hidden states are wanted.
   */
  private void skip(StageTiles stage) throws IOException {
    for (int i = 0; i < stage.count(); i++) {
      tiles.release(tiles.next(stage));
    }
    settle();
  }

  private void settle() {
    memory.kv().settle();
    memory.states().settle();
  }

  @Override
  public void close() {
    try (resources) {
      recorder.close();
    }
  }
}
