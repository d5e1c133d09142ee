package dev.strata.udfs.kv;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.kv.KvBatch.Run;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Lane;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.SegmentReader;
import dev.strata.udfs.tensor.SegmentReader.Segment;
import dev.strata.udfs.tensor.Tensor;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys and values pass through the ring and come back in later sweeps, layer by layer. */
@Timeout(60)
class StreamedKvTest {

  private static final int LAYERS = 3;
  private static final int WIDTH = 2 * 2 * KvBatchTest.HEAD_DIM;
  private static final int BLOCK = 40;

  /** What a token's keys and values are in a layer. */
  private static float value(Extent extent, int position, int layer) {
    return extent.begin() * 10_000f + position * 10 + layer;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void whatASweepLeavesLaterOnesFind(long seed) throws IOException {
    Random random = new Random(seed);
    DecoderSpec spec = KvBatchTest.spec(LAYERS);
    try (ComputeDevice device = ComputeDevice.open("staged", "float32", 1)) {
      KvFormat format = KvFormat.plain(spec, NumberType.FLOAT32);
      try (KvPool pool = KvPool.onHost(device, format, 700 * format.tokenBytes());
          Lane lane = device.newLane("test");
          KvMemory kv = new StreamedKv(device, spec, pool, 100, BLOCK, lane, lane, lane)) {
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
          sweep(device, kv, blocks);
        }
        assertThat(kv.bytesStored()).isEqualTo(stored * format.tokenBytes());
      }
    }
  }

  private static void sweep(ComputeDevice device, KvMemory kv, List<List<Run>> blocks)
      throws IOException {
    List<KvBatch> batches = new ArrayList<>();
    blocks.forEach(runs -> batches.addAll(kv.cutter().cut(runs)));
    batches.forEach(batch -> batch.upload(device, KvBatchTest.HEAD_DIM, Long.MAX_VALUE));
    kv.announce(batches);
    for (int layer = 0; layer < LAYERS; layer++) {
      for (KvBatch batch : batches) {
        try (KvMemory.Access access = kv.open(layer, batch)) {
          check(batch, access.kv(), layer);
          fill(batch, access.fresh(), layer);
        }
      }
    }
    batches.forEach(KvBatch::close);
  }

  private static void check(KvBatch batch, Tensor kv, int layer) {
    FloatBuffer slots = kv.buffer().asFloatBuffer();
    List<Segment> segments = SegmentReader.read(batch.segments());
    for (int i = 0; i < segments.size(); i++) {
      Run run = batch.runs().get(i);
      for (int t = 0; t < run.position(); t++) {
        for (int e = 0; e < WIDTH; e++) {
          int at = ((int) segments.get(i).slot() + t) * WIDTH + e;
          assertThat(slots.get(at))
              .as("layer %d, token %d of %s", layer, t, run)
              .isEqualTo(value(run.extent(), t, layer));
        }
      }
    }
  }

  private static void fill(KvBatch batch, Tensor fresh, int layer) {
    FloatBuffer rows = fresh.buffer().asFloatBuffer();
    for (Run run : batch.runs()) {
      for (int t = 0; t < run.count(); t++) {
        for (int e = 0; e < WIDTH; e++) {
          rows.put(value(run.extent(), run.position() + t, layer));
        }
      }
    }
  }
}
