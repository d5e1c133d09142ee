package dev.strata.udfs.kv;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.kv.StateBatch.Copy;
import dev.strata.udfs.kv.StateBatch.Run;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.DeltaRules;
import dev.strata.udfs.tensor.Footprint;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Places of states, and how they are cut into batches and copied. */
class StateBatchTest {

  private static final StateFormat FORMAT =
      new StateFormat(List.of(0, 2), new DeltaRules.Widths(1, 2, 4, 4, 4, false));

  private static ComputeDevice device;
  private static StatePool pool;

  @BeforeAll
  static void open() {
    device = ComputeDevice.open("cpu", "float32", 1);
    pool = StatePool.onHost(device, FORMAT, List.of(8, 4));
  }

  @AfterAll
  static void close() {
    pool.close();
    device.close();
  }

  @Test
  void aFormatCountsWhatALayerNeeds() {
    // 2 heads of [4, 4], and 3 tokens of 2 · 4 + 8 channels
    assertThat(FORMAT.layerBytes()).isEqualTo((32 + 48) * 4);
    assertThat(FORMAT.rowBytes()).isEqualTo(2 * 320);
    assertThat(StatePool.footprint(FORMAT, 5).bytes(Footprint.Place.DEVICE)).isEqualTo(5 * 640);
  }

  @Test
  void segmentsAreWithinTheBytesThatThereAre() {
    for (long bytes : new long[] {2048, 5000, 70_000, 1 << 20, (9L << 30) + 12_345}) {
      List<Integer> segments = StatePool.hostSegments(FORMAT, bytes);
      long taken = StatePool.hostFootprint(FORMAT, segments).bytes(Footprint.Place.HOST);
      assertThat(taken).as("%d", bytes).isBetween(bytes / 2, bytes);
      assertThat(segments).allMatch(places -> places >= StatePool.MOST_PLACES);
    }
    long least = StatePool.leastHostBytes(FORMAT);
    assertThat(StatePool.hostSegments(FORMAT, least)).containsExactly(3);
    assertThat(StatePool.hostSegments(FORMAT, least - 1)).isEmpty();
  }

  /** Whatever their lengths, the place has what the last of them left. */
  @Test
  void runsOfOnePlaceGoOneAfterTheOther() {
    List<Run> runs =
        List.of(new Run(1, 1, 0, 1), new Run(0, 2, 1, 3), new Run(0, 2, 4, 4), new Run(3, 3, 8, 1));
    assertThat(new StateBatch.Cutter(pool, 8).cut(runs))
        .extracting(batch -> batch.runs().stream().map(Run::row).toList())
        .containsExactly(List.of(1, 0), List.of(4, 8));
  }

  @Test
  void longerRunsComeFirstAndNeighboursAreCopiedAtOnce() {
    List<StateBatch> batches =
        new StateBatch.Cutter(pool, 5)
            .cut(
                List.of(
                    new Run(3, 3, 0, 1),
                    new Run(StateBatch.NOT_BEGUN, 6, 1, 9),
                    new Run(2, 2, 10, 1),
                    new Run(StateBatch.NOT_BEGUN, 7, 11, 9),
                    new Run(8, 9, 20, 1),
                    new Run(0, 0, 21, 2)));
    assertThat(batches).hasSize(2);
    StateBatch first = batches.get(0);
    assertThat(first.runs()).extracting(Run::to).containsExactly(6, 7, 2, 3, 9);
    assertThat(first.zeros()).containsExactly(new Copy(0, 0, 0, 2));
    assertThat(first.loads()).containsExactly(new Copy(0, 2, 2, 2), new Copy(1, 0, 4, 1));
    assertThat(first.stores())
        .containsExactly(new Copy(0, 6, 0, 2), new Copy(0, 2, 2, 2), new Copy(1, 1, 4, 1));
    assertThat(batches.get(1).loads()).containsExactly(new Copy(0, 0, 0, 1));
  }

  @Test
  void placesOfASequenceAreSideBySide() {
    Extent eight = pool.reserve(8).orElseThrow();
    Extent two = pool.reserve(2).orElseThrow();
    assertThat(two).isEqualTo(new Extent(8, 2));
    Extent one = pool.reserve(1).orElseThrow();
    assertThat(pool.reserve(2)).isEmpty();
    List.of(eight, two, one).forEach(pool::release);
    assertThat(pool.capacity()).isEqualTo(12);
  }

  @Test
  void modelsThatDoNotRecurHaveNoBatches() {
    StateFormat none = new StateFormat(List.of(), null);
    try (StatePool places = StatePool.onDevice(device, none, 4)) {
      assertThat(new StateBatch.Cutter(places, 1).cut(List.of(new Run(0, 0, 0, 1)))).isEmpty();
      assertThat(StatePool.footprint(none, 4)).isEqualTo(Footprint.NONE);
    }
  }
}
