package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tools.ModelShape;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Plans for a device apart: at their edges, and whatever the model and the options. */
class StagedLayoutTest {

  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;

  static final DeviceTraits CUDA = new DeviceTraits(NumberType.BFLOAT16, false, true, true, 1);
  static final DeviceTraits OLD_CUDA = new DeviceTraits(NumberType.FLOAT16, false, true, false, 1);
  static final DeviceTraits STAGED = new DeviceTraits(NumberType.FLOAT32, false, false, false, 2);

  private record Case(
      ModelShape shape,
      DeviceTraits device,
      long tileBytes,
      int waveSize,
      int microBatchTokens,
      long weightsMemory,
      int rowTokens) {

    static Case of(String shape, DeviceTraits device) {
      return new Case(ModelShape.named(shape), device, 0, 0, 0, -1, 0);
    }

    static Case random(Random random) {
      return new Case(
          MemoryPlanTest.SHAPES.get(random.nextInt(MemoryPlanTest.SHAPES.size())),
          List.of(CUDA, OLD_CUDA, STAGED).get(random.nextInt(3)),
          random.nextInt(3) > 0 ? 0 : 1L << (10 + random.nextInt(18)),
          random.nextInt(3) > 0 ? 0 : 1 << random.nextInt(11),
          random.nextInt(3) > 0 ? 0 : 1 << random.nextInt(13),
          random.nextInt(-1, 5) * GIB,
          random.nextBoolean() ? 0 : 1 << random.nextInt(14));
    }

    MemoryPlanTest.Case host() {
      return MemoryPlanTest.Case.of(shape);
    }

    MemoryPlan plan(long deviceMemory, long hostMemory) {
      EngineOptions options =
          new EngineOptions(
              "model",
              "cuda",
              deviceMemory,
              hostMemory,
              "auto",
              tileBytes,
              waveSize,
              microBatchTokens,
              0,
              Math.max(-1, weightsMemory),
              rowTokens,
              false,
              "auto",
              "cached");
      return MemoryPlan.of(host().size(), options, device);
    }

    /** The smallest device memory, as the refusal of a MiB names it. */
    long leastDevice() {
      return least("spark.strata.device.memory", 1, 1024 * GIB);
    }

    /** The smallest host memory, on a device that has enough. */
    long leastHost() {
      return least("spark.strata.host.memory", 1024 * GIB, 1);
    }

    private long least(String key, long deviceMemory, long hostMemory) {
      try {
        plan(deviceMemory, hostMemory);
        throw new AssertionError("a byte is enough for " + this);
      } catch (StrataException e) {
        assertThat(e.fault()).isEqualTo(StrataException.Fault.RESOURCES);
        Matcher least =
            Pattern.compile(key + " is 0 MiB, but this model needs at least (\\d+) MiB")
                .matcher(e.getMessage());
        assertThat(least.find()).as(e.getMessage()).isTrue();
        return Long.parseLong(least.group(1)) * MIB;
      }
    }
  }

  private static void check(Case c, long deviceMemory, long hostMemory) {
    MemoryPlan plan = c.plan(deviceMemory, hostMemory);
    String context = c + " " + deviceMemory / MIB + " " + hostMemory / MIB + "\n" + plan.describe();
    assertParts(plan.hostParts(), hostMemory, context);
    assertParts(plan.deviceParts(), deviceMemory, context);
    assertThat(plan.deviceBytes()).as(context).isLessThanOrEqualTo(deviceMemory);
    assertThat(plan.budgets().hostBytes()).isEqualTo(hostMemory);
    assertThat(plan.budgets().deviceBytes()).isEqualTo(deviceMemory);
    assertThat(plan.choice().slots()).as(context).isGreaterThanOrEqualTo(3);
    assertThat(plan.choice().devicePlaces()).as(context).isGreaterThanOrEqualTo(2);
    assertThat(plan.tileBytes())
        .as(context)
        .isGreaterThanOrEqualTo(Math.max(c.tileBytes(), c.host().largestRowBytes()));
    assertThat(plan.blockTokens()).as(context).isBetween(1, plan.sweepTokens());
    assertThat(plan.sweepTokens() % plan.blockTokens()).as(context).isZero();
    assertThat(plan.waveRows()).as(context).isPositive();
    assertThat(plan.logitRows()).as(context).isBetween(1, plan.waveRows());
    // Segments are powers of two in bytes, so a little less than was asked for.
    assertThat(plan.kv().tokens())
        .as(context)
        .isGreaterThanOrEqualTo(LEAST_KV_TOKENS * 15 / 16 - 4);
    if (c.waveSize() > 0) {
      assertThat(plan.waveRows()).isEqualTo(c.waveSize());
    }
    if (c.microBatchTokens() > 0) {
      assertThat(plan.blockTokens()).isEqualTo(c.microBatchTokens());
    }
    if (plan.sweepTokens() > plan.blockTokens()) {
      // Several micro-batches: a stage is somewhere where it can pass again.
      assertThat(stageTiles(c, plan))
          .as(context)
          .isLessThan(Math.max(plan.choice().slots(), plan.choice().devicePlaces()));
    }
  }

  private static final int LEAST_KV_TOKENS = 256;

  private static void assertParts(Map<String, Long> parts, long budget, String context) {
    assertThat(parts.values()).as(context).allMatch(bytes -> bytes >= 0);
    assertThat(parts.values().stream().mapToLong(Long::longValue).sum())
        .as(context)
        .isLessThanOrEqualTo(budget);
  }

  private static long stageTiles(Case c, MemoryPlan plan) {
    return c.host().size().stageTiles(plan.tileBytes());
  }

  static Stream<Case> plain() {
    return Stream.of("llama-3-8b", "llama-3-70b", "llama-3-405b")
        .flatMap(
            shape ->
                Stream.of(Case.of(shape, CUDA), Case.of(shape, OLD_CUDA), Case.of(shape, STAGED)));
  }

  @ParameterizedTest
  @MethodSource("plain")
  void budgetsThatAreTooSmallAreRefusedWithTheSmallestThatWork(Case c) {
    long device = c.leastDevice();
    long host = c.leastHost();
    check(c, device, host);
    assertRefused(c, "spark.strata.device.memory", device - MIB, host, device);
    assertRefused(c, "spark.strata.host.memory", device, host - MIB, host);
    for (long factor = 1; factor <= 32; factor *= 2) {
      check(c, device * factor, host);
      check(c, device, host * factor);
      check(c, device * factor, host * factor);
    }
  }

  private static void assertRefused(Case c, String key, long device, long host, long least) {
    assertThatThrownBy(() -> c.plan(device, host))
        .isInstanceOfSatisfying(
            StrataException.class,
            e -> assertThat(e.fault()).isEqualTo(StrataException.Fault.RESOURCES))
        .hasMessage(
            "%s is %d MiB, but this model needs at least %d MiB with these options; set %s=%dm",
            key, least / MIB - 1, least / MIB, key, least / MIB);
  }

  @Test
  void fourGibibytesOfDeviceMemoryAreEnoughForTheLargestModels() {
    for (String shape : List.of("llama-3-70b", "llama-3-405b")) {
      Case c = Case.of(shape, CUDA);
      check(c, 4 * GIB, 64 * GIB);
      MemoryPlan plan = c.plan(4 * GIB, 64 * GIB);
      assertThat(plan.blockTokens()).as(plan.describe()).isGreaterThanOrEqualTo(256);
      assertThat(plan.sweepTokens()).as(plan.describe()).isGreaterThan(plan.blockTokens());
    }
  }

  /** Random shapes, options and budgets from the smallest up. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void anyBudgetsFromTheSmallestUpWork(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < (Boolean.getBoolean("strata.long") ? 40 : 12); i++) {
      Case c = Case.random(random);
      long device = c.leastDevice();
      long host = c.leastHost();
      check(c, device, host);
      check(
          c,
          device + (long) (random.nextDouble() * 16 * GIB),
          host + (long) (random.nextDouble() * 128 * GIB));
      check(c, device + random.nextInt(64) * MIB, host + random.nextInt(64) * MIB);
    }
  }

  /** Two mebibytes a gibibyte: with 256 GiB pinned, half a gibibyte of the card. */
  @Test
  void pageTablesOfPinnedMemoryAreWithinTheDevicesBudget() {
    Case c = Case.of("llama-3-70b", CUDA);
    for (long host = 8; host <= 2048; host *= 2) {
      MemoryPlan plan = c.plan(4 * GIB, host * GIB);
      assertThat(plan.deviceBytes()).as(plan.describe()).isLessThanOrEqualTo(4 * GIB);
      assertThat(plan.deviceParts().get("page tables"))
          .as(plan.describe())
          .isEqualTo((plan.hostBytes() + 511) / 512);
      assertThat(plan.blockTokens()).as(plan.describe()).isGreaterThanOrEqualTo(256);
    }
    assertThat(Case.of("llama-3-70b", STAGED).plan(4 * GIB, 64 * GIB).deviceParts())
        .doesNotContainKeys("page tables", "CUDA context");
  }

  /** All the memory of a large host would take page tables of more than the device has. */
  @Test
  void lessIsPinnedWhereTheDeviceHasNoRoomForThePageTables() {
    Case c = Case.of("llama-3-405b", CUDA);
    long device = 4 * GIB;
    MemoryPlan plan = c.plan(device, 2048 * GIB);
    assertThat(plan.hostBytes()).as(plan.describe()).isBetween(128 * GIB, 2047 * GIB);
    check(c, device, 2048 * GIB);
    check(c, c.leastDevice(), 4096 * GIB);
  }

  /** Up to half of it, rather than micro-batches of a few tokens. */
  @ParameterizedTest
  @ValueSource(strings = {"llama-3-70b", "llama-3-405b"})
  void lessIsPinnedRatherThanThatMicroBatchesGetSmall(String shape) {
    MemoryPlan plan = Case.of(shape, CUDA).plan(2 * GIB, 512 * GIB);
    assertThat(plan.blockTokens()).as(plan.describe()).isGreaterThanOrEqualTo(256);
    assertThat(plan.hostBytes()).as(plan.describe()).isBetween(256 * GIB, 511 * GIB);
    assertThat(plan.deviceBytes()).as(plan.describe()).isLessThanOrEqualTo(2 * GIB);
  }
}
