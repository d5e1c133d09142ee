package dev.strata.udfs.engine;

import static dev.strata.udfs.engine.CloseTo.closeTo;
import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.FinishReason;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever the plan, the wave and the chunks: the same logits after every token, and the same text
 * where the margin is not too small.
 *
 * <p>Of plans that differ in several ways some are run, or all with {@code -Dstrata.long=true}.
 */
@Timeout(120)
class EngineEquivalenceTest {

  private static final float TOLERANCE = 1e-4f;
  private static final int NEW_TOKENS = Boolean.getBoolean("strata.long") ? 6 : 4;
  private static final boolean ALL = Boolean.getBoolean("strata.long");

  /** Plans of a model of the goldens, on each kind of device. */
  private static final int RANDOM_PLANS = ALL ? 4 : 1;

  /** What the demo model's rows give, which several tests compare with. */
  private static List<Row> demoRows;

  /** The same of the goldens, by model. */
  private static final Map<Path, List<Row>> GOLDEN_ROWS = new HashMap<>();

  /**
   * What a row gives when it is alone.
   *
   * @param firm whether every token of the text has a margin that no plan can turn
   */
  private record Row(
      List<Integer> prompt, RecordedLogits logits, List<Integer> text, boolean firm) {}

  private static List<Integer> list(int[] tokens) {
    return IntStream.of(tokens).boxed().toList();
  }

  /** Each prompt alone, with the plan's own choices. */
  private static List<Row> rowsAlone(Path model, List<int[]> prompts) {
    List<Row> rows = new ArrayList<>();
    try (Engine engine = Engine.start(TestEngines.options(model).build())) {
      for (int[] prompt : prompts) {
        RecordedLogits logits = new RecordedLogits();
        TestEngines.run(engine, List.of(TestEngines.observed(0, prompt, 1, logits)));
        long before = engine.snapshot().lowMargins();
        List<RowResult> results =
            TestEngines.run(engine, TestEngines.requests(List.of(prompt), NEW_TOKENS));
        boolean firm = engine.snapshot().lowMargins() == before;
        rows.add(new Row(list(prompt), logits, list(results.get(0).tokens()), firm));
      }
    }
    assertThat(rows.stream().filter(Row::firm).count()).isGreaterThan(rows.size() / 2);
    return rows;
  }

  /** All rows in one engine, each to be generated and each to be scored. */
  private static void compare(EngineOptions options, List<Row> rows) {
    List<RecordedLogits> logits = rows.stream().map(row -> new RecordedLogits()).toList();
    List<RowRequest> requests = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      int[] prompt = rows.get(i).prompt().stream().mapToInt(Integer::intValue).toArray();
      requests.add(TestEngines.request(2L * i, prompt, NEW_TOKENS));
      requests.add(TestEngines.observed(2L * i + 1, prompt, 1, logits.get(i)));
    }
    List<RowResult> results;
    try (Engine engine = Engine.start(options)) {
      results = TestEngines.run(engine, requests);
      if (options.device().startsWith("staged")) {
        assertWithinBudgets(engine.memory(), options);
      }
    }
    assertThat(results)
        .as("%s", options)
        .extracting(RowResult::reason)
        .containsOnly(FinishReason.LENGTH);
    for (int i = 0; i < rows.size(); i++) {
      Row row = rows.get(i);
      assertSameLogits(row.logits(), logits.get(i), options);
      if (row.firm()) {
        assertThat(list(results.get(2 * i).tokens())).as("%s", options).isEqualTo(row.text());
      }
    }
  }

  private static void assertWithinBudgets(MemoryFigures memory, EngineOptions options) {
    assertThat(memory.deviceBudget()).isEqualTo(options.deviceMemory());
    assertThat(memory.hostBudget()).isEqualTo(options.hostMemory());
    assertThat(memory.deviceBytes()).as("%s", options).isBetween(1L, memory.deviceBudget());
    assertThat(memory.hostBytes()).as("%s", options).isBetween(1L, memory.hostBudget());
  }

  private static void assertSameLogits(
      RecordedLogits expected, RecordedLogits actual, EngineOptions options) {
    assertThat(actual.positions()).as("%s", options).isEqualTo(expected.positions());
    for (int position : expected.positions()) {
      assertThat(actual.at(position))
          .as("logits after token %d, %s", position, options)
          .is(closeTo(expected.at(position), TOLERANCE));
    }
  }

  static Stream<Path> goldens() {
    return Stream.of(
            "llama",
            "llama-tied-headdim",
            "llama-yarn",
            "llama3-rope",
            "llama-mha-bias",
            "mistral",
            "qwen2",
            "qwen3",
            "gemma2",
            "phi3",
            "mixtral",
            "glm4-moe",
            "gpt-oss",
            "deepseek-v3",
            "qwen3-next",
            "qwen3-5-long")
        .map(TestEngines::golden);
  }

  private static List<Row> goldenRows(Path model) {
    List<int[]> prompts =
        Golden.read(model).cases().stream()
            .map(c -> c.prompt().stream().mapToInt(Integer::intValue).toArray())
            .toList();
    return rowsAlone(model, prompts);
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void plansOfTheGoldensAgree(Path model) {
    List<Row> rows = GOLDEN_ROWS.computeIfAbsent(model, EngineEquivalenceTest::goldenRows);
    Random random = new Random(model.getFileName().hashCode());
    for (int i = 0; i < RANDOM_PLANS; i++) {
      compare(randomPlan(random, model, 24), rows);
    }
  }

  private static EngineOptions randomPlan(Random random, Path model, int leastMebibytes) {
    int tile = random.nextInt(5);
    return TestEngines.options(model)
        .hostMemory((leastMebibytes + random.nextInt(100)) * 1048576L)
        // A power of two, so that the tiles of a stage are as many as its bytes tell.
        .tileBytes(tile == 0 ? 0 : 2048L << (2 * tile))
        .waveSize(1 + random.nextInt(9))
        .microBatchTokens(random.nextBoolean() ? 0 : 1 + random.nextInt(20))
        .weightsMemory(random.nextInt(-1, 3) * 100_000L)
        .build();
  }

  /** The same on a device apart, in memory that hardly holds anything up to all that is wanted. */
  @ParameterizedTest
  @MethodSource("goldens")
  void stagedPlansOfTheGoldensAgree(Path model) {
    List<Row> rows = GOLDEN_ROWS.computeIfAbsent(model, EngineEquivalenceTest::goldenRows);
    Random random = new Random(31 + model.getFileName().hashCode());
    for (int i = 0; i < RANDOM_PLANS; i++) {
      compare(randomStagedPlan(random, model, 30), rows);
    }
  }

  /**
   * @param mebibytes the most of device memory beyond the least
   */
  private static EngineOptions randomStagedPlan(Random random, Path model, int mebibytes) {
    int tile = random.nextInt(5);
    TestEngines.OptionsBuilder options =
        TestEngines.options(model)
            .device(random.nextBoolean() ? "staged" : "staged-early")
            .tileBytes(tile == 0 ? 0 : 2048L << (2 * tile))
            .waveSize(random.nextBoolean() ? 0 : 1 + random.nextInt(9))
            .microBatchTokens(random.nextInt(3) == 0 ? 0 : 1 + random.nextInt(20))
            .rowTokens(random.nextBoolean() ? 0 : 20 + random.nextInt(100))
            .weightsMemory(random.nextInt(-1, 3) * 100_000L);
    options.deviceMemory(
        TestEngines.leastDeviceMemory(options) + random.nextInt(mebibytes) * 1048576L);
    return options
        .hostMemory(TestEngines.leastHostMemory(options) + random.nextInt(40) * 1048576L)
        .build();
  }

  @Test
  void stagedPlansOfTheDemoModelAgree() {
    Path model = TestEngines.demoModel();
    List<Row> rows = demoRows();
    TestEngines.OptionsBuilder plan = TestEngines.options(model).device("staged").waveSize(8);
    // Keys and values in host memory, tiles pass again for each micro-batch, read once each sweep.
    plan.tileBytes(256 << 10).microBatchTokens(16).rowTokens(1000).weightsMemory(0);
    compare(plan.deviceMemory(25 << 20).hostMemory(200 << 20).build(), rows);
    // Stages stay while micro-batches pass; some of the weights stay in host memory.
    plan.tileBytes(1 << 20).microBatchTokens(32).weightsMemory(4 << 20);
    compare(plan.deviceMemory(60 << 20).build(), rows);
    // All the weights stay, keys and values are on the device.
    plan.tileBytes(0).microBatchTokens(0).weightsMemory(-1).rowTokens(100);
    compare(plan.deviceMemory(512 << 20).build(), rows);
  }

  private static synchronized List<Row> demoRows() {
    if (demoRows == null) {
      List<int[]> prompts = new ArrayList<>(TestEngines.prompts(11, 5, 1, 12));
      prompts.addAll(TestEngines.prompts(12, 1, 70, 90));
      demoRows = rowsAlone(TestEngines.demoModel(), prompts);
    }
    return demoRows;
  }

  @Test
  void plansOfTheDemoModelAgree() {
    Path model = TestEngines.demoModel();
    List<Row> rows = demoRows();
    TestEngines.OptionsBuilder plan = TestEngines.options(model);
    // Several micro-batches past the tiles of a whole stage.
    compare(plan.tileBytes(1 << 16).microBatchTokens(16).build(), rows);
    // A ring that is too small for a stage: chunks of prompts, one micro-batch a sweep.
    compare(
        plan.tileBytes(256 << 10).microBatchTokens(7).waveSize(5).hostMemory(10 << 20).build(),
        rows);
    compare(plan.tileBytes(0).microBatchTokens(0).waveSize(3).hostMemory(64 << 20).build(), rows);
  }

  /** Tiles of any size, also where whole rows do not fill them. */
  @Test
  void plansWithTilesOfAnySizeAgree() {
    Path model = TestEngines.demoModel();
    for (long tileBytes : new long[] {ALL ? 5000 : 20_000, 4 << 20, 64 << 20}) {
      compare(
          TestEngines.options(model).tileBytes(tileBytes).microBatchTokens(16).build(), demoRows());
    }
  }

  /** Reads that begin and end with pages, wherever the tiles do. */
  @Test
  void plansThatReadPastThePageCacheAgree() {
    Path model = TestEngines.demoModel();
    for (String device : List.of("cpu", "staged")) {
      TestEngines.OptionsBuilder plan = TestEngines.options(model).device(device).io("direct");
      if (ALL || device.equals("cpu")) {
        compare(plan.tileBytes(50_000).weightsMemory(9 << 20).build(), demoRows());
      }
      if (ALL || device.equals("staged")) {
        compare(plan.tileBytes(0).weightsMemory(0).build(), demoRows());
      }
    }
  }
}
