package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.strata.udfs.api.EngineOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Experts that are computed at once, against each alone. */
@Timeout(120)
class ExpertBatchesTest {

  private static final int ROWS = 6;

  /** Counts how often tokens of experts were gathered in all sweeps. */
  private static final class Gathers implements SweepObserver {
    private int count;

    @Override
    public boolean traces(long sweep) {
      return true;
    }

    @Override
    public void sweepEnded(SweepFigures sweep) {
      count += (int) sweep.spans().stream().filter(span -> span.label().equals("gather")).count();
    }
  }

  private record Run(List<RecordedLogits> logits, int gathers) {}

  private static Run run(EngineOptions options) {
    List<RecordedLogits> logits =
        IntStream.range(0, ROWS).mapToObj(row -> new RecordedLogits()).toList();
    List<int[]> prompts = TestEngines.prompts(3, ROWS, 5, 40);
    List<RowRequest> requests = new ArrayList<>();
    for (int row = 0; row < ROWS; row++) {
      int[] prompt = IntStream.of(prompts.get(row)).map(token -> token % 100).toArray();
      requests.add(TestEngines.observed(row, prompt, 3, logits.get(row)));
    }
    Gathers gathers = new Gathers();
    try (Engine engine = Engine.start(options, gathers)) {
      TestEngines.run(engine, requests);
    }
    return new Run(logits, gathers.count);
  }

  private static TestEngines.OptionsBuilder options(String model) {
    return TestEngines.options(TestEngines.golden(model));
  }

  /**
   * Places for all experts of a layer, which stay past several micro-batches, or for some of them.
   */
  @ParameterizedTest
  @CsvSource({
    "glm4-moe, 0, 256",
    "glm4-moe, 17, 256",
    "glm4-moe, 17, 24",
    "mixtral, 0, 256",
    "mixtral, 40, 256",
    "deepseek-v3, 0, 256",
    "deepseek-v3, 9, 256",
    "minimax-m2, 17, 256",
    "gpt-oss, 0, 256",
    "gpt-oss, 17, 256",
    "quant-mxfp4, 0, 256",
    "quant-mxfp4, 17, 256",
  })
  void severalAtOnceGiveWhatEachGivesAlone(String model, int micro, int mebibytes) {
    Run alone = run(options(model).device("cpu").build());
    EngineOptions staged =
        options(model)
            .device("staged")
            .deviceMemory((long) mebibytes << 20)
            .microBatchTokens(micro)
            .build();
    Run atOnce = run(staged);
    if (micro == 0) {
      assertThat(atOnce.gathers()).isPositive().isLessThan(alone.gathers() * 4 / 5);
    }
    for (int row = 0; row < ROWS; row++) {
      RecordedLogits expected = alone.logits().get(row);
      assertThat(expected.positions()).isNotEmpty();
      for (int position : expected.positions()) {
        assertThat(atOnce.logits().get(row).at(position))
            .containsExactly(expected.at(position), within(1e-4f));
      }
    }
  }
}
