package dev.strata.udfs.tools;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.decode.StopCondition;
import dev.strata.udfs.engine.Engine;
import dev.strata.udfs.engine.EngineClient;
import dev.strata.udfs.engine.GenerationRequest;
import dev.strata.udfs.engine.GenerationResult;
import dev.strata.udfs.engine.PromptTokens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/**
 * Measures the engine alone, without Spark, on a random checkpoint that is made once:
 *
 * <pre>{@code
 * java -cp strata.jar dev.strata.udfs.tools.EngineBenchmark DIRECTORY SHAPE LAYERS PROMPTS PROMPT_TOKENS NEW_TOKENS DEVICE
 * java -cp strata.jar dev.strata.udfs.tools.EngineBenchmark /tmp/bench llama-3-70b 8 512 8 16 cuda
 * }</pre>
 *
 * <p>The device's budget is 4 GiB, the host's 16 GiB. Prints the memory plan, then the figures of
 * the run.
 */
public final class EngineBenchmark {

  private static final long DEVICE_MEMORY = 4L << 30;
  private static final long HOST_MEMORY = 16L << 30;
  private static final long SEED = 7;

  private EngineBenchmark() {}

  public static void main(String[] arguments) throws IOException, InterruptedException {
    if (arguments.length != 7) {
      System.err.println(
          "arguments: DIRECTORY SHAPE LAYERS PROMPTS PROMPT_TOKENS NEW_TOKENS DEVICE");
      System.exit(2);
    }
    ModelShape shape = ModelShape.named(arguments[1]).withLayers(Integer.parseInt(arguments[2]));
    Path model = Path.of(arguments[0], shape.name() + "-" + shape.layers());
    if (!Files.exists(model)) {
      RandomCheckpoint.write(model, shape, SEED);
    }
    run(
        model,
        shape,
        Integer.parseInt(arguments[3]),
        Integer.parseInt(arguments[4]),
        Integer.parseInt(arguments[5]),
        arguments[6]);
  }

  private static void run(
      Path model, ModelShape shape, int prompts, int promptTokens, int newTokens, String device)
      throws InterruptedException {
    EngineOptions options =
        new EngineOptions(
            model.toString(), device, DEVICE_MEMORY, HOST_MEMORY, "auto", 0, 0, 0, 0, "auto");
    try (Engine engine = Engine.start(options);
        EngineClient client = engine.open()) {
      System.out.print(engine.describePlan());
      SplittableRandom random = new SplittableRandom(SEED);
      for (int row = 0; row < prompts; row++) {
        int[] prompt = random.ints(promptTokens, 0, shape.vocabSize()).toArray();
        client.submit(request(row, prompt, newTokens));
      }
      while (client.unfinished() > 0) {
        GenerationResult result = client.take();
        if (result.error() != null) {
          throw new IllegalStateException("row " + result.key() + ": " + result.error());
        }
      }
      print(engine.snapshot());
    }
  }

  private static GenerationRequest request(int row, int[] prompt, int newTokens) {
    return new GenerationRequest(
        row, PromptTokens.of(prompt), SamplingOptions.greedy(newTokens), 0, StopCondition.never());
  }

  private static void print(EngineSnapshot done) {
    double seconds = done.busyNanos() / 1e9;
    System.out.printf("sweeps            %12d%n", done.sweeps());
    System.out.printf("seconds a sweep   %12.3f%n", seconds / done.sweeps());
    System.out.printf("weights GB/s      %12.2f%n", done.weightBytes() / seconds / 1e9);
    System.out.printf("prompt tokens/s   %12.1f%n", done.promptTokens() / seconds);
    System.out.printf("new tokens/s      %12.1f%n", done.newTokens() / seconds);
  }
}
