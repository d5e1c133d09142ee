package dev.strata.udfs.engine;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.decode.StopCondition;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** What tests of the engine share: options, and running requests to their end. */
final class TestEngines {

  static final String DEVICE = System.getProperty("strata.test.device", "cpu");

  private static final Path ROOT = Path.of(System.getProperty("strata.root", ".."));

  private TestEngines() {}

  /**
   * A number of the plan's description: the one between two words, such as "sweep" and "tokens".
   */
  static int planned(Engine engine, String before, String after) {
    Matcher number = Pattern.compile(before + " (\\d+) " + after).matcher(engine.describePlan());
    if (!number.find()) {
      throw new AssertionError(engine.describePlan());
    }
    return Integer.parseInt(number.group(1));
  }

  /** The smallest device memory that a plan can be made for, as the refusal of less names it. */
  static long leastDeviceMemory(OptionsBuilder options) {
    return least(() -> Engine.start(options.deviceMemory(1 << 20).build()));
  }

  /** The smallest host memory that a plan can be made for, as the refusal of less names it. */
  static long leastHostMemory(OptionsBuilder options) {
    return least(() -> Engine.start(options.hostMemory(1 << 20).build()));
  }

  private static long least(Supplier<Engine> start) {
    try {
      start.get().close();
      return 1 << 20;
    } catch (StrataException e) {
      Matcher least = Pattern.compile("at least (\\d+) MiB").matcher(e.getMessage());
      if (!least.find()) {
        throw e;
      }
      return Long.parseLong(least.group(1)) << 20;
    }
  }

  static OptionsBuilder options(Path model) {
    return new OptionsBuilder(model);
  }

  /** The model that comes with Strata. */
  static Path demoModel() {
    return ROOT.resolve("datasets/demo-model");
  }

  /** A checkpoint of the goldens. */
  static Path golden(String name) {
    return ROOT.resolve("udfs/src/test/resources/goldens").resolve(name);
  }

  /** Prompts of made-up tokens, of {@code least} to {@code most} tokens each. */
  static List<int[]> prompts(long seed, int count, int least, int most) {
    Random random = new Random(seed);
    return IntStream.range(0, count)
        .mapToObj(i -> random.ints(least + random.nextInt(most - least + 1), 6, 8000).toArray())
        .toList();
  }

  /** A row that generates exactly so many tokens, greedily. */
  static RowRequest request(long key, int[] prompt, int newTokens) {
    return observed(key, prompt, newTokens, null);
  }

  static RowRequest observed(long key, int[] prompt, int newTokens, LogitsObserver observer) {
    return asking(
        key,
        prompt,
        new Ask.Generate(
            SamplingOptions.greedy(newTokens), 0, (generated, count) -> false, observer));
  }

  static RowRequest asking(long key, int[] prompt, Ask ask) {
    return new RowRequest(key, PromptTokens.of(prompt), ask);
  }

  /** A row with a stop condition, or a test's hook on the sweep thread. */
  static RowRequest request(long key, int[] prompt, int newTokens, StopCondition stop) {
    return new RowRequest(key, PromptTokens.of(prompt), SamplingOptions.greedy(newTokens), 0, stop);
  }

  /** A row for each prompt, with keys from 0. */
  static List<RowRequest> requests(List<int[]> prompts, int newTokens) {
    return IntStream.range(0, prompts.size())
        .mapToObj(i -> request(i, prompts.get(i), newTokens))
        .toList();
  }

  /** Submits all requests, whose keys count from 0, and returns the results by key. */
  static List<RowResult> run(Engine engine, List<RowRequest> requests) {
    RowResult[] results = new RowResult[requests.size()];
    try (EngineClient client = engine.open()) {
      requests.forEach(client::submit);
      while (client.unfinished() > 0) {
        RowResult result = client.take();
        results[(int) result.key()] = result;
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return Arrays.asList(results);
  }

  /**
   * Engine options with a test's defaults: float32, 512 MiB, and one thread, which is not slowed
   * down by whatever else runs on the machine.
   */
  static final class OptionsBuilder {

    private final String model;
    private String device = DEVICE;
    private String computeType = "float32";
    private long deviceMemory = 4L << 30;
    private long hostMemory = 512L << 20;
    private long tileBytes;
    private int waveSize;
    private int microBatchTokens;
    private int threads = 1;
    private String kvType = "auto";
    private String io = "cached";
    private long weightsMemory = -1;
    private int rowTokens;
    private boolean readsPrompts;

    private OptionsBuilder(Path model) {
      this.model = model.toString();
    }

    /** The name of a device; {@code staged} is the host's memory as a device apart. */
    OptionsBuilder device(String name) {
      device = name;
      return this;
    }

    OptionsBuilder computeType(String name) {
      computeType = name;
      return this;
    }

    OptionsBuilder deviceMemory(long bytes) {
      deviceMemory = bytes;
      return this;
    }

    OptionsBuilder weightsMemory(long bytes) {
      weightsMemory = bytes;
      return this;
    }

    OptionsBuilder rowTokens(int tokens) {
      rowTokens = tokens;
      return this;
    }

    OptionsBuilder readsPrompts() {
      readsPrompts = true;
      return this;
    }

    OptionsBuilder hostMemory(long bytes) {
      hostMemory = bytes;
      return this;
    }

    OptionsBuilder tileBytes(long bytes) {
      tileBytes = bytes;
      return this;
    }

    OptionsBuilder waveSize(int rows) {
      waveSize = rows;
      return this;
    }

    OptionsBuilder microBatchTokens(int tokens) {
      microBatchTokens = tokens;
      return this;
    }

    OptionsBuilder threads(int count) {
      threads = count;
      return this;
    }

    OptionsBuilder kvType(String name) {
      kvType = name;
      return this;
    }

    OptionsBuilder io(String name) {
      io = name;
      return this;
    }

    EngineOptions build() {
      return new EngineOptions(
          model,
          device,
          deviceMemory,
          hostMemory,
          computeType,
          tileBytes,
          waveSize,
          microBatchTokens,
          threads,
          weightsMemory,
          rowTokens,
          readsPrompts,
          kvType,
          io);
    }
  }
}
