package dev.strata.udfs.kv;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.kv.KvBatch.Run;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.SegmentReader;
import dev.strata.udfs.tensor.SegmentReader.Segment;
import dev.strata.udfs.tools.ModelShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which tokens of which sequences are brought where, against a slot-by-slot model. */
class KvBatchTest {

  private static ComputeDevice device;
  static final int HEAD_DIM = 4;

  private static DecoderSpec spec;

  @BeforeAll
  static void open() {
    device = ComputeDevice.open("staged", "float32", 1);
    spec = spec(2);
  }

  @AfterAll
  static void close() {
    device.close();
  }

  /** Keys and values of 2 heads of 4 elements. */
  static DecoderSpec spec(int layers) {
    return new ModelShape("kv", 9, 16, 16, 4, 2, HEAD_DIM, layers).spec();
  }

  private static KvPool pool(int tokens) {
    KvFormat format = KvFormat.plain(spec, NumberType.FLOAT32);
    return KvPool.onHost(device, format, tokens * format.tokenBytes());
  }

  /** Runs of sequences whose extents lie side by side with gaps, in the order of the pool. */
  private static List<Run> randomRuns(Random random, KvPool pool, int longest) {
    List<Extent> extents = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      pool.reserve(1 + random.nextInt(longest)).ifPresent(extents::add);
    }
    List<Run> runs = new ArrayList<>();
    for (Extent extent : extents) {
      if (random.nextInt(4) > 0) {
        int position = random.nextBoolean() ? 0 : random.nextInt(extent.tokens());
        int count = 1 + random.nextInt(extent.tokens() - position);
        runs.add(new Run(extent, position, count));
      }
    }
    runs.sort(Comparator.comparingInt(run -> run.extent().begin()));
    return runs;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void whatAttentionSeesIsBroughtAndNothingIsOverwritten(long seed) {
    Random random = new Random(seed);
    int longest = 3 + random.nextInt(40);
    int slotTokens = longest + random.nextInt(100);
    int gapTokens = random.nextInt(3) * random.nextInt(30);
    try (KvPool pool = pool(300 + random.nextInt(600))) {
      List<Run> runs = randomRuns(random, pool, longest);
      List<KvBatch> batches = new KvBatch.Cutter(pool, slotTokens, gapTokens).cut(runs);
      assertThat(batches.stream().flatMap(b -> b.runs().stream())).containsExactlyElementsOf(runs);
      int row = 0;
      for (KvBatch batch : batches) {
        assertThat(batch.firstRow()).isEqualTo(row);
        check(batch, pool, slotTokens, gapTokens);
        row += batch.rows();
      }
    }
  }

  /** Plays the batch's copies on a slot of pool slots' numbers. */
  private static void check(KvBatch batch, KvPool pool, int slotTokens, int gapTokens) {
    int[] slot = new int[slotTokens];
    Arrays.fill(slot, -1);
    int copied = 0;
    for (KvBatch.Copy copy : batch.loads()) {
      assertThat(copy.tokens()).isPositive();
      for (int i = 0; i < copy.tokens(); i++) {
        int from = pool.beginOf(copy.segment()) + copy.begin() + i;
        assertThat(pool.segmentOf(from)).as("segment of a copy").isEqualTo(copy.segment());
        slot[copy.slot() + i] = from;
      }
      copied += copy.tokens();
    }
    batch.upload(device, false, Long.MAX_VALUE);
    List<Segment> segments = SegmentReader.read(batch.segments());
    long[] rowSlots = device.kernels().toLongs(batch.rowSlots());
    int needed = 0;
    int row = 0;
    long end = 0;
    for (int i = 0; i < batch.runs().size(); i++) {
      Run run = batch.runs().get(i);
      Segment segment = segments.get(i);
      assertThat(segment)
          .isEqualTo(new Segment(row, run.count(), segment.slot(), run.position() + run.count()));
      assertThat(segment.slot()).as("sequences do not overlap").isGreaterThanOrEqualTo(end);
      end = segment.slot() + segment.length();
      for (int t = 0; t < run.position(); t++) {
        assertThat(slot[(int) segment.slot() + t]).isEqualTo(run.extent().begin() + t);
      }
      for (int t = 0; t < run.count(); t++) {
        assertThat(rowSlots[row++]).isEqualTo(segment.slot() + run.position() + t);
      }
      needed += run.position();
    }
    assertThat(end).isLessThanOrEqualTo(slotTokens);
    assertThat(copied).isBetween(needed, needed + gapTokens * batch.runs().size());
    batch.close();
  }

  @Test
  void copiesJoinWhereWhatIsBetweenIsSmall() {
    try (KvPool pool = pool(300)) {
      List<Run> runs =
          List.of(
              new Run(new Extent(0, 20), 10, 1),
              new Run(new Extent(20, 10), 5, 1),
              new Run(new Extent(60, 10), 8, 1));
      // From token 10 of the first on, ten slots are nobody's; behind the second, thirty-five.
      assertThat(loads(pool, 10, runs))
          .containsExactly(new KvBatch.Copy(0, 0, 0, 25), new KvBatch.Copy(0, 60, 26, 8));
      assertThat(loads(pool, 40, runs)).containsExactly(new KvBatch.Copy(0, 0, 0, 68));
      assertThat(loads(pool, 0, runs))
          .containsExactly(
              new KvBatch.Copy(0, 0, 0, 10),
              new KvBatch.Copy(0, 20, 11, 5),
              new KvBatch.Copy(0, 60, 17, 8));
    }
  }

  private static List<KvBatch.Copy> loads(KvPool pool, int gapTokens, List<Run> runs) {
    List<KvBatch> batches = new KvBatch.Cutter(pool, 200, gapTokens).cut(runs);
    assertThat(batches).hasSize(1);
    return batches.get(0).loads();
  }

  @Test
  void aSequenceInTwoBatchesFollowsItself() {
    try (KvPool pool = pool(300)) {
      Extent extent = new Extent(0, 20);
      KvBatch.Cutter cutter = new KvBatch.Cutter(pool, 40, 0);
      KvBatch first = cutter.cut(List.of(new Run(extent, 0, 8))).get(0);
      KvBatch second = cutter.cut(List.of(new Run(extent, 8, 8))).get(0);
      KvBatch other = cutter.cut(List.of(new Run(new Extent(20, 9), 0, 8))).get(0);
      assertThat(second.follows(first)).isTrue();
      assertThat(first.follows(second)).isFalse();
      assertThat(other.follows(second)).isFalse();
      assertThat(first.loads()).isEmpty();
      assertThat(second.loads()).containsExactly(new KvBatch.Copy(0, 0, 0, 8));
    }
  }

  /** Segments fill what there is to a sixteenth, and are what their allocator gives. */
  @ParameterizedTest
  @ValueSource(longs = {1000, 4096, 100_000, 1 << 20, 123_456_789, 7L << 30, 300L << 30})
  void segmentsFillTheBytesThatThereAre(long bytes) {
    KvFormat format = KvFormat.plain(spec(80), NumberType.BFLOAT16);
    List<Integer> segments = KvPool.hostSegments(format, bytes);
    long layer = format.layerTokenBytes();
    long sum = segments.stream().mapToLong(tokens -> tokens * layer).sum() * 80;
    assertThat(KvPool.hostFootprint(format, segments).bytes(Footprint.Place.HOST))
        .isBetween(sum, bytes);
    if (bytes > 80 * 64 * layer) {
      assertThat(sum).isGreaterThan(bytes * 14 / 16);
    }
    assertThat(segments).allMatch(tokens -> tokens * layer <= KvPool.LARGEST_SEGMENT_BYTES);
  }
}
