package dev.strata.udfs.tools.benchmark;

import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.decode.StopCondition;
import dev.strata.udfs.engine.Engine;
import dev.strata.udfs.engine.EngineClient;
import dev.strata.udfs.engine.PromptTokens;
import dev.strata.udfs.engine.RowRequest;
import dev.strata.udfs.engine.RowResult;
import java.util.SplittableRandom;

/** Rows of random tokens, which stop for nothing but their length. */
final class Workload {

  private static final long SEED = 7;

  private final Engine engine;
  private final int vocabSize;

  Workload(Engine engine) {
    this.engine = engine;
    this.vocabSize = engine.checkpoint().spec().vocabSize();
  }

  /**
   * Sends rows through the engine, all at once.
   *
   * @return seconds from the first row's submission to the last one's result
   * @throws StrataException if a row ends with an error
   */
  double run(int rows, int promptTokens, int newTokens) throws InterruptedException {
    SplittableRandom random = new SplittableRandom(SEED);
    long start = System.nanoTime();
    try (EngineClient client = engine.open()) {
      for (int row = 0; row < rows; row++) {
        int[] prompt = random.ints(promptTokens, 0, vocabSize).toArray();
        client.submit(
            new RowRequest(
                row,
                PromptTokens.of(prompt),
                SamplingOptions.greedy(newTokens),
                0,
                StopCondition.never()));
      }
      while (client.unfinished() > 0) {
        require(client.take());
      }
    }
    return (System.nanoTime() - start) / 1e9;
  }

  private static void require(RowResult result) {
    if (result.error() != null) {
      throw StrataException.resources("row %d of the benchmark: %s", result.key(), result.error());
    }
  }
}
