package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys and values that nobody needs again are left nowhere. */
@Timeout(120)
class PassingRowsTest {

  private static final int ROWS = 12;
  private static final int LONGEST = 40;

  /** Adds up what sweeps say. */
  private static final class Bytes implements SweepObserver {

    private long toHost;
    private long toDevice;
    private int sweeps;
    private int mostRows;

    @Override
    public boolean traces(long sweep) {
      return false;
    }

    @Override
    public void sweepEnded(SweepFigures figures) {
      toHost += figures.kvToHostBytes();
      toDevice += figures.kvToDeviceBytes();
      sweeps++;
      mostRows = Math.max(mostRows, figures.rows());
    }
  }

  private interface Asks {
    Ask of(int row);
  }

  private static int[] prompt(int row) {
    int length = LONGEST - row;
    return IntStream.range(0, length).map(i -> 5 + (31 * i + 7 * row) % 100).toArray();
  }

  private static List<RowRequest> asking(Asks asks) {
    return IntStream.range(0, ROWS)
        .mapToObj(row -> TestEngines.asking(row, prompt(row), asks.of(row)))
        .toList();
  }

  private static List<RowRequest> generating(int tokens) {
    return IntStream.range(0, ROWS)
        .mapToObj(row -> TestEngines.request(row, prompt(row), tokens))
        .toList();
  }

  /** With keys and values in host memory. */
  private static TestEngines.OptionsBuilder staged() {
    return TestEngines.options(TestEngines.demoModel())
        .device("staged")
        .waveSize(4)
        .microBatchTokens(512)
        .deviceMemory(24 << 20);
  }

  private static Bytes bytes(TestEngines.OptionsBuilder options, List<RowRequest> rows) {
    Bytes bytes = new Bytes();
    try (Engine engine = Engine.start(options.build(), bytes)) {
      for (RowResult result : TestEngines.run(engine, rows)) {
        assertThat(result.error()).isNull();
      }
    }
    assertThat(bytes.sweeps).isPositive();
    return bytes;
  }

  @Test
  void rowsThatEndWithTheirPromptsLeaveNothingInHostMemory() {
    int[] one = {9};
    for (List<RowRequest> rows :
        List.of(
            asking(row -> new Ask.Score(1)),
            asking(row -> new Ask.Embed()),
            asking(row -> new Ask.Choose(List.of(one, new int[] {11}))),
            generating(1))) {
      Bytes bytes = bytes(staged(), rows);
      assertThat(bytes.toHost).isZero();
      assertThat(bytes.toDevice).isZero();
    }
  }

  @Test
  void othersLeaveTheirs() {
    long prompts = IntStream.range(0, ROWS).mapToLong(row -> prompt(row).length).sum();
    Bytes two = bytes(staged(), generating(2));
    assertThat(two.toHost).isPositive();
    long ofToken = two.toHost / (prompts + ROWS);
    assertThat(two.toHost).isEqualTo(ofToken * (prompts + ROWS));
    List<int[]> answers = List.of(new int[] {9, 10}, new int[] {11});
    assertThat(bytes(staged(), asking(row -> new Ask.Choose(answers))).toHost)
        .isEqualTo(ofToken * (prompts + ROWS));
    List<RowRequest> mixed = new ArrayList<>(generating(2).subList(0, 6));
    mixed.addAll(asking(row -> new Ask.Score(1)).subList(6, ROWS));
    long kept = IntStream.range(0, 6).mapToLong(row -> prompt(row).length).sum();
    assertThat(bytes(staged(), mixed).toHost).isEqualTo(ofToken * (kept + 6));
  }

  /** Too long for one batch, which then goes in pieces. */
  @Test
  void longRowsAreKeptForTheirNextPiece() {
    Bytes bytes = bytes(staged().microBatchTokens(16), asking(row -> new Ask.Score(1)));
    assertThat(bytes.toHost).isPositive();
    assertThat(bytes.toDevice).isPositive();
  }

  /** The wave is all that bounds their number, where the pool has room for a few. */
  @ParameterizedTest
  @ValueSource(strings = {"staged", "cpu"})
  void theyNeedNoRoomInThePool(String device) {
    TestEngines.OptionsBuilder options = staged().device(device).waveSize(ROWS);
    long least = TestEngines.leastHostMemory(options);
    int[] text = IntStream.range(0, 40).map(i -> 10 + i).toArray();
    List<RowRequest> passing = new ArrayList<>();
    List<RowRequest> kept = new ArrayList<>();
    for (int row = 0; row < ROWS; row++) {
      passing.add(TestEngines.request(row, text, 1));
      kept.add(TestEngines.request(row, text, 2));
    }
    assertThat(bytes(options.hostMemory(least), passing).mostRows).isEqualTo(ROWS);
    assertThat(bytes(options.hostMemory(least), kept).mostRows).isLessThan(ROWS);
  }

  /** Where rows are known to pass, the memory that they do not need makes sweeps larger. */
  @ParameterizedTest
  @ValueSource(strings = {"staged", "cpu"})
  void aPlanForThemHasHardlyAPool(String device) {
    TestEngines.OptionsBuilder options =
        TestEngines.options(TestEngines.demoModel())
            .device(device)
            .deviceMemory(256 << 20)
            .hostMemory(256 << 20)
            .weightsMemory(0);
    List<RowRequest> rows = asking(row -> new Ask.Score(1));
    Figures any = figures(options, rows);
    Figures read = figures(options.readsPrompts(), rows);
    assertThat(read.poolTokens).isLessThan(any.poolTokens / 2);
    assertThat(read.sweepTokens).isGreaterThanOrEqualTo(any.sweepTokens);
    assertThat(read.scores).isEqualTo(any.scores);
  }

  /** Of a model whose layers have states, which begin and end with the row. */
  @ParameterizedTest
  @ValueSource(strings = {"staged", "cpu"})
  void rowsWithStatesPassToo(String device) {
    TestEngines.OptionsBuilder options =
        TestEngines.options(TestEngines.golden("qwen3-5"))
            .device(device)
            .computeType("float32")
            .waveSize(4)
            .deviceMemory(24 << 20);
    List<RowRequest> rows = asking(row -> new Ask.Score(1));
    assertThat(bytes(options.microBatchTokens(512), rows).toHost).isZero();
    List<Float> passing = figures(options.microBatchTokens(512), rows).scores;
    assertThat(passing).hasSizeGreaterThan(ROWS);
    List<Float> kept = figures(options.microBatchTokens(16), rows).scores;
    assertThat(passing).hasSameSizeAs(kept);
    for (int i = 0; i < passing.size(); i++) {
      assertThat(passing.get(i)).isCloseTo(kept.get(i), within(0.0015f));
    }
  }

  private record Figures(int poolTokens, int sweepTokens, List<Float> scores) {}

  private static Figures figures(TestEngines.OptionsBuilder options, List<RowRequest> rows) {
    try (Engine engine = Engine.start(options.build())) {
      List<Float> scores = new ArrayList<>();
      for (RowResult result : TestEngines.run(engine, rows)) {
        for (float each : ScoredTokens.of(result.values()).logProbabilities()) {
          scores.add(Math.round(each * 1000) / 1000f);
        }
      }
      String plan = engine.describePlan();
      return new Figures(number(plan, "KV pool"), number(plan, "sweep"), scores);
    }
  }

  private static int number(String plan, String before) {
    Matcher matcher = Pattern.compile(before + " (\\d+) tokens").matcher(plan);
    assertThat(matcher.find()).as(plan).isTrue();
    return Integer.parseInt(matcher.group(1));
  }
}
