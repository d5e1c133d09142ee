package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.kv.KvFormat;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.ElementType;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tools.ModelShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryPlanTest {

  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;
  private static final int LEAST_KV_TOKENS = 256;

  private static final Map<ModelShape, DecoderSpec> SPECS = new ConcurrentHashMap<>();
  private static final ModelShape DEMO = new ModelShape("demo", 8192, 256, 768, 4, 2, 64, 12);
  private static final ModelShape TINY = new ModelShape("tiny", 120, 48, 96, 4, 2, 12, 2);

  /** A model and the options that a plan is made for; a tile of 0 bytes is the plan's to choose. */
  record Case(
      ModelShape shape,
      int storedBytes,
      int computeBytes,
      long tileBytes,
      int waveSize,
      int microBatchTokens,
      long weightsMemory) {

    static Case of(ModelShape shape) {
      return new Case(shape, 2, 4, 0, 0, 0, -1);
    }

    static Case random(Random random, List<ModelShape> shapes) {
      return new Case(
          shapes.get(random.nextInt(shapes.size())),
          random.nextBoolean() ? 2 : 4,
          random.nextBoolean() ? 2 : 4,
          random.nextInt(3) > 0 ? 0 : 1L << (10 + random.nextInt(18)),
          random.nextInt(3) > 0 ? 0 : 1 << random.nextInt(11),
          random.nextInt(3) > 0 ? 0 : 1 << random.nextInt(13),
          random.nextBoolean() ? -1 : 1L << random.nextInt(40));
    }

    Case tileBytes(long bytes) {
      return new Case(
          shape, storedBytes, computeBytes, bytes, waveSize, microBatchTokens, weightsMemory);
    }

    Case waveSize(int rows) {
      return new Case(
          shape, storedBytes, computeBytes, tileBytes, rows, microBatchTokens, weightsMemory);
    }

    Case microBatchTokens(int tokens) {
      return new Case(shape, storedBytes, computeBytes, tileBytes, waveSize, tokens, weightsMemory);
    }

    Case weightsMemory(long bytes) {
      return new Case(
          shape, storedBytes, computeBytes, tileBytes, waveSize, microBatchTokens, bytes);
    }

    long queryWidth() {
      return (long) shape.heads() * shape.headDim();
    }

    long largestRowBytes() {
      return storedBytes
          * Math.max(Math.max(shape.hiddenSize(), shape.intermediateSize()), queryWidth());
    }

    DecoderSpec spec() {
      return SPECS.computeIfAbsent(shape, ModelShape::spec);
    }

    ModelSize size() {
      long hidden = shape.hiddenSize();
      long keyValueWidth = (long) shape.kvHeads() * shape.headDim();
      List<ModelSize.MatrixSize> attention =
          List.of(
              matrix(queryWidth(), hidden),
              matrix(keyValueWidth, hidden),
              matrix(keyValueWidth, hidden),
              matrix(hidden, queryWidth()));
      List<ModelSize.MatrixSize> feedForward =
          List.of(
              matrix(shape.intermediateSize(), hidden),
              matrix(shape.intermediateSize(), hidden),
              matrix(hidden, shape.intermediateSize()));
      List<ModelSize.MatrixSize> matrices = new ArrayList<>();
      matrices.add(matrix(shape.vocabSize(), hidden));
      for (int layer = 0; layer < shape.layers(); layer++) {
        matrices.addAll(attention);
        matrices.addAll(feedForward);
      }
      return new ModelSize(
          spec(),
          Set.of(storedBytes == 2 ? ElementType.BF16 : ElementType.F32),
          largestRowBytes(),
          matrices,
          Set.of(attention, feedForward),
          0,
          List.of(),
          hidden * (2L * shape.layers() + 1));
    }

    private ModelSize.MatrixSize matrix(long rows, long columns) {
      return new ModelSize.MatrixSize(rows, columns * storedBytes);
    }

    /** Tiles of the stage that has most, cut as the layer store cuts. */
    long stageTiles(long tileBytes) {
      long attention =
          tiles(queryWidth(), shape.hiddenSize(), tileBytes)
              + 2 * tiles((long) shape.kvHeads() * shape.headDim(), shape.hiddenSize(), tileBytes)
              + tiles(shape.hiddenSize(), queryWidth(), tileBytes);
      long feedForward =
          2 * tiles(shape.intermediateSize(), shape.hiddenSize(), tileBytes)
              + tiles(shape.hiddenSize(), shape.intermediateSize(), tileBytes);
      return Math.max(attention, feedForward);
    }

    private long tiles(long rows, long columns, long tileBytes) {
      long most = Math.max(1, tileBytes / (columns * storedBytes));
      long rowsThatFit = most < 64 ? most : most / 64 * 64;
      return (rows + rowsThatFit - 1) / rowsThatFit;
    }

    MemoryPlan plan(long budget) {
      EngineOptions options =
          new EngineOptions(
              "model",
              "cpu",
              0,
              budget,
              "auto",
              tileBytes,
              waveSize,
              microBatchTokens,
              0,
              weightsMemory,
              0,
              false,
              "auto",
              "cached");
      return MemoryPlan.of(size(), options, new DeviceTraits(computeType(), true, false, false, 2));
    }

    private NumberType computeType() {
      return computeBytes == Float.BYTES ? NumberType.FLOAT32 : NumberType.BFLOAT16;
    }

    /** The smallest budget, as the refusal of a budget of 1 MiB names it. */
    long least() {
      try {
        plan(MIB);
      } catch (StrataException e) {
        return leastIn(e);
      }
      return MIB;
    }
  }

  private static long leastIn(StrataException refusal) {
    Matcher least = Pattern.compile("at least (\\d+) MiB").matcher(refusal.getMessage());
    assertThat(least.find()).as(refusal.getMessage()).isTrue();
    return Long.parseLong(least.group(1)) * MIB;
  }

  static final List<ModelShape> SHAPES =
      Stream.concat(
              Stream.of(TINY, DEMO),
              Stream.of("llama-3-8b", "llama-3-70b", "llama-3-405b").map(ModelShape::named))
          .toList();

  /** What has to hold of any plan. */
  private static void check(Case c, MemoryPlan plan) {
    long parts = plan.hostParts().values().stream().mapToLong(Long::longValue).sum();
    assertThat(plan.hostParts().values()).as("%s", c).allMatch(bytes -> bytes >= 0);
    assertThat(parts).as("%s: %s", c, plan).isLessThanOrEqualTo(plan.budgets().hostBytes());
    assertThat(plan.choice().slots()).as("%s", c).isGreaterThanOrEqualTo(2);
    assertThat(plan.tileBytes()).as("%s", c).isGreaterThanOrEqualTo(c.largestRowBytes());
    assertThat(plan.waveRows()).as("%s", c).isPositive();
    assertThat(plan.blockTokens()).as("%s", c).isBetween(1, plan.sweepTokens());
    assertThat(plan.sweepTokens()).as("%s", c).isGreaterThanOrEqualTo(plan.waveRows());
    assertThat(plan.logitRows()).as("%s", c).isBetween(1, plan.waveRows());
    assertThat(plan.kv().tokens()).as("%s: %s", c, plan).isGreaterThanOrEqualTo(LEAST_KV_TOKENS);
    assertThat(plan.hostParts().get("keys and values"))
        .isEqualTo(plan.kv().tokens() * KvFormat.plain(c.spec(), c.computeType()).tokenBytes());
  }

  static Stream<Case> plain() {
    return SHAPES.stream().map(Case::of);
  }

  @ParameterizedTest
  @MethodSource("plain")
  void thePlanFitsTheBudget(Case c) {
    for (long gibibytes = 1; gibibytes <= 64; gibibytes++) {
      long budget = gibibytes * GIB;
      if (budget >= c.least()) {
        check(c, c.plan(budget));
      } else {
        assertThatThrownBy(() -> c.plan(budget)).isInstanceOf(StrataException.class);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("plain")
  void aBudgetThatIsTooSmallIsRefusedWithTheSmallestThatWorks(Case c) {
    long least = c.least();
    String key = "spark.strata.host.memory";
    if (least > MIB) {
      assertThatThrownBy(() -> c.plan(least - MIB))
          .isInstanceOfSatisfying(
              StrataException.class,
              e -> assertThat(e.fault()).isEqualTo(StrataException.Fault.RESOURCES))
          .hasMessage(
              "%s is %d MiB, but this model needs at least %d MiB with these options; set %s=%dm",
              key, least / MIB - 1, least / MIB, key, least / MIB);
    }
    check(c, c.plan(least));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 1500, 4096, 1 << 20, 16 << 20})
  void tilesAreAsLargeAsWishedButHoldARow(long tileBytes) {
    Case c = Case.of(DEMO).tileBytes(tileBytes);
    assertThat(c.plan(GIB).tileBytes()).isEqualTo(Math.max(tileBytes, 768 * 2));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 64, 1024, 5000})
  void theWaveIsAsLargeAsWished(int rows) {
    assertThat(Case.of(DEMO).waveSize(rows).plan(2 * GIB).waveRows()).isEqualTo(rows);
  }

  @ParameterizedTest
  @CsvSource({"1, 0", "16, 64", "33, 0", "5000, 0", "16, 1"})
  void theMicroBatchIsAsLargeAsWished(int tokens, int waveSize) {
    Case c = Case.of(DEMO).microBatchTokens(tokens).waveSize(waveSize);
    assertThat(c.plan(2 * GIB).blockTokens()).isEqualTo(tokens);
  }

  @Test
  void smallerBudgetsGiveSmallerTilesAndWaves() {
    Case c = Case.of(DEMO);
    List<MemoryPlan> plans =
        IntStream.of(32, 128, 512, 2048).mapToObj(m -> c.plan(m * MIB)).toList();
    assertThat(plans).extracting(MemoryPlan::tileBytes).isSorted().doesNotHaveDuplicates();
    assertThat(plans).extracting(plan -> plan.kv().tokens()).isSorted();
    assertThat(plans).extracting(MemoryPlan::waveRows).isSorted();
  }

  @Test
  void keysAndValuesAreNoMoreThanTheWaveCanUse() {
    assertThat(Case.of(TINY).waveSize(2).plan(GIB).kv().tokens()).isEqualTo(2 * 8192);
  }

  /** Keys and values go first only where nobody says how much weights may have. */
  @Test
  void weightsStayWhereThatIsAskedFor() {
    Case demo = Case.of(DEMO);
    assertThat(demo.plan(256 * MIB).weightsBytes()).isZero();
    assertThat(demo.plan(40 * GIB).weightsBytes()).isBetween(22 * MIB, 26 * MIB);
    assertThat(demo.weightsMemory(0).plan(256 * MIB).weightsBytes()).isZero();
    MemoryPlan some = demo.weightsMemory(10 * MIB).plan(256 * MIB);
    assertThat(some.weightsBytes())
        .isEqualTo(10 * MIB)
        .isEqualTo(some.hostParts().get("weights that stay"));
    // No more than there are: 12 layers and the head of the demo model take 23.1 MB.
    assertThat(demo.weightsMemory(GIB).plan(256 * MIB).weightsBytes())
        .isBetween(22 * MIB, 24 * MIB);
    Case large = Case.of(ModelShape.named("llama-3-8b")).weightsMemory(64 * GIB);
    assertThat(large.plan(4 * GIB).kv().tokens()).isEqualTo(LEAST_KV_TOKENS);
  }

  @Test
  void theDescriptionNamesAllParts() {
    MemoryPlan plan = Case.of(DEMO).plan(256 * MIB);
    assertThat(plan.describe()).startsWith("memory plan: 256 MiB; tiles of at most ");
    plan.hostParts()
        .keySet()
        .forEach(part -> assertThat(plan.describe()).contains("  " + part + " "));
  }

  /** Random shapes, options and budgets from the smallest up. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void anyBudgetFromTheSmallestUpWorks(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 500; i++) {
      Case c = Case.random(random, SHAPES);
      long least = c.least();
      check(c, c.plan(least));
      check(c, c.plan(least + (long) (random.nextDouble() * 64 * GIB)));
    }
  }

  /** A wave that is larger than the micro-batch, where no stage fits the ring. */
  @Test
  void theSmallestBudgetOfALargeWaveWorks() {
    Case c = Case.of(ModelShape.named("llama-3-8b")).waveSize(1024);
    check(c, c.plan(c.least()));
  }

  private static void checkStageFitsRing(Case c, MemoryPlan plan) {
    if (plan.sweepTokens() > plan.blockTokens()) {
      assertThat(c.stageTiles(plan.tileBytes()))
          .as("tiles of a stage: %s %s", c, plan)
          .isLessThan(plan.choice().slots());
    }
  }

  @ParameterizedTest
  @MethodSource("plain")
  void theRingHoldsAStageWhereASweepIsSeveralMicroBatches(Case c) {
    for (long budget = c.least(); budget <= 64 * GIB; budget += budget / 8) {
      checkStageFitsRing(c, c.plan(budget));
    }
  }

  /**
   * Tiles of whole rows are smaller than the limit, so a stage has more of them than bytes tell.
   */
  @ParameterizedTest
  @ValueSource(longs = {1024, 2000, 4096, 5000, 10_000, 1 << 20, 4 << 20, 64 << 20})
  void theRingHoldsAStageOfTilesOfAnySize(long tileBytes) {
    for (long mebibytes = 64; mebibytes <= 4096; mebibytes *= 2) {
      Case c = Case.of(DEMO).tileBytes(tileBytes).microBatchTokens(16);
      if (mebibytes * MIB >= c.least()) {
        checkStageFitsRing(c, c.plan(mebibytes * MIB));
      }
    }
  }
}
