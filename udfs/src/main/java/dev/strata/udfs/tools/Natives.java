package dev.strata.udfs.tools;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataException.Fault;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.decode.StopCondition;
import dev.strata.udfs.engine.Engine;
import dev.strata.udfs.engine.EngineClient;
import dev.strata.udfs.engine.PromptTokens;
import dev.strata.udfs.engine.RowRequest;
import dev.strata.udfs.engine.RowResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Whether PyTorch's natives load and its kernels run: an engine on a tiny model of random numbers.
 */
final class Natives {

  private static final ModelShape TINY = new ModelShape("tiny", 64, 32, 64, 2, 1, 16, 1);

  private Natives() {}

  /**
   * Loads the natives.
   *
   * @param settings of the run; its budgets hold here as well
   * @param hasGpu whether there is one, so that {@code auto} has to mean it
   */
  static Finding check(Map<String, String> settings, String device, boolean hasGpu) {
    boolean wantsGpu = device.equals("cuda") || (device.equals("auto") && hasGpu);
    try {
      long start = System.nanoTime();
      run(settings, wantsGpu ? "cuda" : "cpu");
      return Finding.ok(
          "natives",
          String.format(
              Locale.ROOT,
              "PyTorch's load, and its kernels run on the %s (%.1f s)",
              wantsGpu ? "GPU" : "CPU",
              (System.nanoTime() - start) / 1e9));
    } catch (StrataException e) {
      return Finding.failed("natives", e);
    } catch (IOException | RuntimeException | LinkageError e) {
      return Finding.failed(
          "natives",
          Fault.RESOURCES,
          "PyTorch's cannot be used: " + e + "; see submit-scripts/README.md");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Finding.failed("natives", Fault.RESOURCES, "interrupted");
    }
  }

  private static void run(Map<String, String> settings, String device)
      throws IOException, InterruptedException {
    Path model = Files.createTempDirectory("strata-doctor-");
    try {
      RandomCheckpoint.write(model, TINY, 1);
      generate(options(settings, model, device));
    } finally {
      delete(model);
    }
  }

  private static EngineOptions options(Map<String, String> settings, Path model, String device) {
    Map<String, String> own = new HashMap<>(settings);
    own.put(StrataKeys.MODEL.name(), model.toString());
    own.put(StrataKeys.DEVICE.name(), device);
    return StrataConf.of(own).engineOptions();
  }

  private static void generate(EngineOptions options) throws InterruptedException {
    try (Engine engine = Engine.start(options);
        EngineClient client = engine.open()) {
      client.submit(
          new RowRequest(
              0, PromptTokens.of(1, 2, 3), SamplingOptions.greedy(2), 0, StopCondition.never()));
      RowResult result = client.take();
      if (result.error() != null) {
        throw StrataException.resources("a kernel failed: %s", result.error());
      }
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(directory);
  }
}
