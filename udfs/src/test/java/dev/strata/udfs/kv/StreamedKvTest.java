package dev.strata.udfs.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.strata.udfs.kv.KvBatch.Run;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Lane;
import dev.strata.udfs.tensor.LaneGate;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.SegmentReader;
import dev.strata.udfs.tensor.SegmentReader.Segment;
import dev.strata.udfs.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys and values pass through the ring and come back in later sweeps, layer by layer. */
@Timeout(60)
class StreamedKvTest {

  private static final int LAYERS = 3;
  private static final int BLOCK = 40;

  /** What a token's keys and values are in a layer; a head's are the same in all elements. */
  private static float value(Extent extent, int position, int layer) {
    return extent.begin() * 10_000f + position * 10 + layer + 1;
  }

  private ComputeDevice device;
  private DecoderSpec spec;
  private KvFormat format;
  private Lane compute;
  private Lane loads;
  private Lane stores;
  private KvPool pool;
  private StreamedKv kv;
  // What kernels found, to be looked at when the sweep is over, and what they should have found.
  private final List<Tensor> seen = new ArrayList<>();
  private final List<float[]> expected = new ArrayList<>();

  private void open(String name, boolean quantized) {
    open(name, quantized, KvBatchTest.spec(LAYERS));
  }

  private void open(String name, boolean quantized, DecoderSpec model) {
    device = ComputeDevice.open(name, "float32", 1);
    spec = model;
    format = quantized ? KvFormat.quantized(spec) : KvFormat.plain(spec, NumberType.FLOAT32);
    compute = device.newLane("compute");
    loads = device.newCopyLane("loads");
    stores = device.newCopyLane("stores");
    pool = KvPool.onHost(device, format, 700 * format.tokenBytes());
    kv = new StreamedKv(device, spec, pool, 100, BLOCK, compute, loads, stores);
    compute.bind();
  }

  @AfterEach
  void close() {
    kv.close();
    pool.close();
    List.of(compute, loads, stores).forEach(Lane::close);
    device.close();
  }

  @ParameterizedTest
  @CsvSource({
    "staged, false, 1",
    "staged, false, 2",
    "staged, true, 3",
    "staged-early, false, 4",
    "staged-early, true, 5"
  })
  void whatASweepLeavesLaterOnesFind(String name, boolean quantized, long seed) throws IOException {
    open(name, quantized);
    whatASweepLeavesLaterOnesFind(seed);
  }

  /** Wider heads in every second layer; the last two attend to what the first two made. */
  @ParameterizedTest
  @CsvSource({"staged, false, 6", "staged, true, 7", "staged-early, false, 8"})
  void layersMayDifferAndShare(String name, boolean quantized, long seed) throws IOException {
    open(name, quantized, KvPoolTest.layersThatDiffer());
    assertThat(format.tokenBytes())
        .isEqualTo(quantized ? 2 * (2 * (4 + 4) + 8 + 4) : 2 * (2 * 4 + 8) * 4);
    whatASweepLeavesLaterOnesFind(seed);
  }

  private void whatASweepLeavesLaterOnesFind(long seed) throws IOException {
    Random random = new Random(seed);
    List<Extent> extents = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      pool.reserve(20 + random.nextInt(40)).ifPresent(extents::add);
    }
    int[] lengths = new int[extents.size()];
    long stored = 0;
    for (int sweep = 0; sweep < 12; sweep++) {
      List<List<Run>> blocks = new ArrayList<>();
      for (int i = 0; i < extents.size(); i++) {
        int room = Math.min(BLOCK, extents.get(i).tokens() - lengths[i]);
        int count = Math.min(room, random.nextInt(3) == 0 ? 1 + random.nextInt(BLOCK) : 1);
        if (count > 0) {
          blocks.add(List.of(new Run(extents.get(i), lengths[i], count)));
          lengths[i] += count;
          stored += count;
        }
        // The rest of a chunk in the next micro-batch of the same sweep.
        if (count > 1 && lengths[i] < extents.get(i).tokens()) {
          blocks.add(List.of(new Run(extents.get(i), lengths[i]++, 1)));
          stored++;
        }
      }
      sweep(blocks);
    }
    assertThat(kv.bytesStored()).isEqualTo(stored * format.tokenBytes());
  }

  private List<KvBatch> announce(List<List<Run>> blocks) {
    List<KvBatch> batches = new ArrayList<>();
    blocks.forEach(runs -> batches.addAll(kv.cutter().cut(runs)));
    batches.forEach(batch -> batch.upload(device, false, Long.MAX_VALUE));
    kv.announce(batches);
    return batches;
  }

  private void sweep(List<List<Run>> blocks) throws IOException {
    List<KvBatch> batches = announce(blocks);
    for (int layer = 0; layer < spec.layers().size(); layer++) {
      for (KvBatch batch : batches) {
        use(layer, batch);
      }
    }
    kv.settle();
    check();
    batches.forEach(KvBatch::close);
  }

  private void use(int layer, KvBatch batch) throws IOException {
    try (KvMemory.Access access = kv.open(layer, batch)) {
      see(batch, access.kv(), layer);
      if (!format.isShared(layer)) {
        fill(batch, access.fresh(), layer);
      }
    }
  }

  private int width(int layer) {
    return 2 * spec.attentions().get(layer).keyValueWidth();
  }

  /**
   * Keeps what is there of the tokens before the batch's own, and of those where an earlier layer
   * made them.
   */
  private void see(KvBatch batch, Tensor slots, int layer) {
    List<Segment> segments = SegmentReader.read(batch.segments());
    for (int i = 0; i < segments.size(); i++) {
      Run run = batch.runs().get(i);
      int tokens = run.position() + (format.isShared(layer) ? run.count() : 0);
      if (tokens > 0) {
        int elements = tokens * width(layer);
        Tensor found = device.allocate("seen", NumberType.FLOAT32, elements);
        device.kernels().copyFlat(slots, segments.get(i).slot() * width(layer), elements, found, 0);
        seen.add(found);
        expected.add(values(run.extent(), 0, tokens, layer));
      }
    }
  }

  private float[] values(Extent extent, int position, int tokens, int layer) {
    float[] values = new float[tokens * width(layer)];
    for (int i = 0; i < values.length; i++) {
      values[i] = value(extent, position + i / width(layer), format.layerOf(layer));
    }
    return values;
  }

  private void fill(KvBatch batch, Tensor fresh, int layer) {
    int row = 0;
    for (Run run : batch.runs()) {
      float[] values = values(run.extent(), run.position(), run.count(), layer);
      try (Tensor from = device.floats(values)) {
        device.kernels().copyFlat(from, 0, values.length, fresh, (long) row * width(layer));
      }
      row += run.count();
    }
  }

  private void check() {
    for (int i = 0; i < seen.size(); i++) {
      float[] found = device.kernels().toFloats(seen.get(i));
      for (int e = 0; e < found.length; e++) {
        assertThat(found[e]).isCloseTo(expected.get(i)[e], withinPercentage(0.001));
      }
      seen.get(i).close();
    }
    seen.clear();
    expected.clear();
  }

  /** A sequence of one token more in each of some sweeps, and others beside it. */
  private List<List<Run>> oneTokenEach(List<Extent> extents, int position) {
    return extents.stream().map(extent -> List.of(new Run(extent, position, 1))).toList();
  }

  private List<Extent> extents(int count) {
    return IntStream.range(0, count).mapToObj(i -> pool.reserve(100).orElseThrow()).toList();
  }

  /**
   * Kernels are held up while loads run as early as they may: not into slots that kernels use. One
   * batch in each layer is more than the ring has slots.
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void loadsWaitUntilKernelsAreThroughWithTheSlot(boolean quantized) throws IOException {
    open("staged-early", quantized);
    List<Extent> extents = extents(4);
    sweep(oneTokenEach(extents, 0));
    long before = kv.bytesLoaded();
    List<KvBatch> batches = announce(oneTokenEach(extents, 1));
    LaneGate gate = new LaneGate(compute);
    try {
      for (int i = 0; i < 3; i++) {
        use(0, batches.get(i));
      }
      while (kv.bytesLoaded() < before + 4 * format.layerTokenBytes()) {
        Thread.onSpinWait();
      }
    } finally {
      gate.close();
    }
    for (int i = 3; i < LAYERS * batches.size(); i++) {
      use(i / batches.size(), batches.get(i % batches.size()));
    }
    kv.settle();
    check();
    batches.forEach(KvBatch::close);
  }

  /** A batch's keys and values are in the pool before another takes their place on the way. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aPlaceOnTheWayToThePoolIsTakenWhenItIsFree(boolean quantized) throws Exception {
    open("staged", quantized);
    List<KvBatch> batches = announce(oneTokenEach(extents(4), 0));
    CountDownLatch fourth = new CountDownLatch(1);
    Thread opening =
        new Thread(
            () -> {
              compute.bind();
              try {
                use(0, batches.get(3));
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
              fourth.countDown();
            });
    try (LaneGate gate = new LaneGate(stores)) {
      for (int i = 0; i < 3; i++) {
        use(0, batches.get(i));
      }
      gate.awaitReached();
      opening.start();
      assertThat(fourth.await(300, TimeUnit.MILLISECONDS)).isFalse();
    }
    assertThat(fourth.await(30, TimeUnit.SECONDS)).isTrue();
    opening.join();
    for (int i = 4; i < LAYERS * batches.size(); i++) {
      use(i / batches.size(), batches.get(i % batches.size()));
    }
    kv.settle();
    batches.forEach(KvBatch::close);
  }

  /** What goes wrong on the way to the pool is known before tokens are chosen. */
  @Test
  void aSweepEndsWhenItsKeysAndValuesAreInThePool() throws Exception {
    open("staged", false);
    List<KvBatch> batches = announce(oneTokenEach(extents(1), 0));
    CountDownLatch settled = new CountDownLatch(1);
    Thread settling =
        new Thread(
            () -> {
              kv.settle();
              settled.countDown();
            });
    LaneGate gate = new LaneGate(stores);
    try {
      for (int layer = 0; layer < LAYERS; layer++) {
        use(layer, batches.get(0));
      }
      gate.awaitReached();
      settling.start();
      assertThat(settled.await(200, TimeUnit.MILLISECONDS)).isFalse();
    } finally {
      gate.close();
    }
    assertThat(settled.await(30, TimeUnit.SECONDS)).isTrue();
    settling.join();
    batches.forEach(KvBatch::close);
  }
}
