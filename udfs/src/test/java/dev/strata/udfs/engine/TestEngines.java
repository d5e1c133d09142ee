package dev.strata.udfs.engine;

import dev.strata.udfs.api.EngineOptions;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** What tests of the engine share: options, and running requests to their end. */
final class TestEngines {

  static final String DEVICE = System.getProperty("strata.test.device", "cpu");

  private TestEngines() {}

  static OptionsBuilder options(Path model) {
    return new OptionsBuilder(model);
  }

  /** Submits all requests, whose keys count from 0, and returns the results by key. */
  static List<GenerationResult> run(Engine engine, List<GenerationRequest> requests) {
    GenerationResult[] results = new GenerationResult[requests.size()];
    try (EngineClient client = engine.open()) {
      requests.forEach(client::submit);
      while (client.unfinished() > 0) {
        GenerationResult result = client.take();
        results[(int) result.key()] = result;
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return Arrays.asList(results);
  }

  /** Engine options with a test's defaults: float32, 512 MiB. */
  static final class OptionsBuilder {

    private final String model;
    private long hostMemory = 512L << 20;
    private long tileBytes;
    private int waveSize;
    private int microBatchTokens;

    private OptionsBuilder(Path model) {
      this.model = model.toString();
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

    EngineOptions build() {
      return new EngineOptions(
          model, DEVICE, 4L << 30, hostMemory, "float32", tileBytes, waveSize, microBatchTokens, 0);
    }
  }
}
