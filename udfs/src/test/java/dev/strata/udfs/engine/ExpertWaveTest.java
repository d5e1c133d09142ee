package dev.strata.udfs.engine;

import static dev.strata.udfs.engine.StagedLayoutTest.CUDA;
import static dev.strata.udfs.engine.StagedLayoutTest.STAGED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tools.KnownShapes;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How large the wave of a mixture of experts is on a GPU. */
class ExpertWaveTest {

  private static final long GIB = 1L << 30;
  private static final ModelSize QWEN3_30B = size("qwen3-30b-a3b", 48);
  private static final ModelSize QWEN3_235B = size("qwen3-235b-a22b", 94);
  private static final ModelSize TINY = size("tiny-moe", 4);

  private static ModelSize size(String shape, int layers) {
    return ShapeSize.of(KnownShapes.named(shape).withLayers(layers));
  }

  private static MemoryPlan plan(ModelSize model, long hostMemory, int wave, int rowTokens) {
    return plan(model, CUDA, 4 * GIB, hostMemory, wave, -1, rowTokens);
  }

  private static MemoryPlan plan(
      ModelSize model,
      DeviceTraits device,
      long deviceMemory,
      long hostMemory,
      int wave,
      long weights,
      int rowTokens) {
    EngineOptions options =
        new EngineOptions(
            "model",
            "cuda",
            deviceMemory,
            hostMemory,
            "auto",
            0,
            wave,
            0,
            0,
            weights,
            rowTokens,
            false,
            "auto",
            "cached");
    return MemoryPlan.of(model, options, device);
  }

  /**
   * All weights stay in memory as with a usual wave, and keys and values of all rows beside them.
   */
  @ParameterizedTest
  @CsvSource({"82, 1024", "100, 2048", "140, 4096", "220, 6144", "400, 6144"})
  void memoryBoundsIt(long gibibytes, int rows) {
    MemoryPlan plan = plan(QWEN3_30B, gibibytes * GIB, 0, 192);
    assertThat(plan.waveRows()).isEqualTo(rows);
    assertThat(plan.kv().tokens()).isGreaterThanOrEqualTo(rows * 192);
    assertThat(plan.weightsBytes())
        .isEqualTo(plan(QWEN3_30B, gibibytes * GIB, 1024, 192).weightsBytes());
  }

  /** Of a model that is larger than memory, more rows are worth more than some of its weights. */
  @Test
  void weightsThatCannotStayMakeRoomForIt() {
    MemoryPlan plan = plan(QWEN3_235B, 112 * GIB, 0, 192);
    assertThat(plan.waveRows()).isEqualTo(2048);
    assertThat(plan.weightsBytes())
        .isLessThan(plan(QWEN3_235B, 112 * GIB, 1024, 192).weightsBytes());
  }

  /** Keys and values of usual rows decide then, and a wave of short ones may be larger. */
  @Test
  void rowsOfUnknownLengthMayBeShort() {
    MemoryPlan plan = plan(QWEN3_30B, 112 * GIB, 0, 0);
    assertThat(plan.waveRows()).isEqualTo(4096);
    assertThat(plan.kv().tokens()).isBetween(4096 * 256, 2048 * 1024);
    assertThat(plan(QWEN3_30B, 20 * GIB, 0, 0).waveRows()).isEqualTo(1024);
  }

  /** Mixtral's matrices are of several tiles, each of which serves so many rows that it pays. */
  @Test
  void resultsOfExpertsHaveMemoryOnlyWhereSeveralAreComputedAtOnce() {
    MemoryPlan small = plan(QWEN3_30B, 100 * GIB, 0, 192);
    assertThat(small.computesExpertsAtOnce()).isTrue();
    assertThat(small.deviceParts()).containsKey("results of experts");
    MemoryPlan large = plan(size("mixtral-8x7b", 32), 100 * GIB, 0, 192);
    assertThat(large.computesExpertsAtOnce()).isFalse();
    assertThat(large.deviceParts()).doesNotContainKey("results of experts");
    MemoryPlan converted = plan(TINY, STAGED, GIB, 4 * GIB, 0, -1, 192);
    assertThat(converted.computesExpertsAtOnce()).isFalse();
  }

  /** On a processor tiles are in the ring itself: enough of them to read while a router waits. */
  @Test
  void aProcessorsRingHoldsManyExperts() {
    DeviceTraits cpu = new DeviceTraits(NumberType.FLOAT32, true, false, false, 2);
    MemoryPlan plan = plan(QWEN3_30B, cpu, 0, 4 * GIB, 0, 0, 192);
    assertThat(plan.choice().slots()).isEqualTo(64);
    assertThat(plan.tileBytes()).isEqualTo(4 << 20);
    MemoryPlan least = plan(QWEN3_30B, cpu, 0, GIB, 0, 0, 192);
    assertThat(least.choice().slots()).isBetween(16, 63);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 100, 1024, 5000})
  void itIsAsLargeAsWished(int rows) {
    assertThat(plan(QWEN3_30B, 220 * GIB, rows, 192).waveRows()).isEqualTo(rows);
  }

  /** A dense model's weights serve any row of the wave, and arithmetic soon binds. */
  @Test
  void denseModelsKeepTheirs() {
    ModelSize dense = size("llama-3-8b", 32);
    assertThat(plan(dense, 400 * GIB, 0, 64).waveRows()).isEqualTo(1024);
  }

  @Test
  void asManyRowsAreReadAheadAsTwoWavesHave() {
    assertThat(ReadAhead.of(1024)).isEqualTo(new ReadAhead(4096, 256 << 20));
    assertThat(ReadAhead.of(6144)).isEqualTo(new ReadAhead(12_288, (256 << 20) + (8192 << 14)));
    assertThat(ReadAhead.of(1 << 30).bytes()).isEqualTo(GIB);
    Map<String, Long> parts = plan(QWEN3_30B, 220 * GIB, 0, 192).hostParts();
    assertThat(parts).containsEntry("rows read ahead", 8192L << 14);
    assertThat(plan(QWEN3_30B, 90 * GIB, 0, 192).hostParts()).doesNotContainKey("rows read ahead");
  }

  @Test
  void anyBudgetHoldsItsPlan() {
    Random random = new Random(5);
    int larger = 0;
    for (int i = 0; i < 120; i++) {
      ModelSize model = random.nextBoolean() ? TINY : QWEN3_30B;
      DeviceTraits device = random.nextBoolean() ? CUDA : STAGED;
      long deviceMemory = (long) (GIB * (0.1 + 6 * random.nextDouble()));
      long hostMemory = (long) (GIB * Math.pow(2, 9 * random.nextDouble()));
      long weights = random.nextBoolean() ? -1 : (long) (hostMemory * random.nextDouble());
      int row = random.nextBoolean() ? 0 : 1 << random.nextInt(12);
      try {
        MemoryPlan plan = plan(model, device, deviceMemory, hostMemory, 0, weights, row);
        assertThat(plan.deviceBytes()).isLessThanOrEqualTo(deviceMemory);
        assertThat(plan.hostBytes()).as(plan.describe()).isLessThanOrEqualTo(hostMemory);
        larger += plan.waveRows() > 1024 ? 1 : 0;
      } catch (StrataException e) {
        assertThat(e.fault()).isEqualTo(StrataException.Fault.RESOURCES);
      }
    }
    assertThat(larger).isGreaterThan(20);
  }
}
