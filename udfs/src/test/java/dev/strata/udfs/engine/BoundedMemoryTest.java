package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.tools.ModelShape;
import dev.strata.udfs.tools.RandomCheckpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A model of more bytes than the process may use runs in a JVM of its own, and the kernel's count
 * of its memory tells.
 */
class BoundedMemoryTest {

  private static final long GIB = 1L << 30;
  private static final int LAYERS = 6;

  @Test
  void modelOfFourGibibytesRunsInThree(@TempDir Path directory) throws Exception {
    Path model = directory.resolve("model");
    RandomCheckpoint.write(model, ModelShape.named("llama-3-8b").withLayers(LAYERS), 7);
    assertThat(bytesIn(model)).isGreaterThan(4 * GIB);

    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-cp",
                System.getProperty("java.class.path"),
                BoundedMemoryTest.class.getName(),
                model.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    assertThat(output).contains("generated 8 tokens");
    assertThat(peakBytes(output)).as(output).isLessThanOrEqualTo(3 * GIB);
  }

  private static long bytesIn(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      return files.mapToLong(file -> file.toFile().length()).sum();
    }
  }

  private static long peakBytes(String output) {
    String line = output.lines().filter(l -> l.startsWith("VmHWM:")).findFirst().orElseThrow();
    return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
  }

  /** The other JVM: four rows of 16 tokens, two new tokens each. */
  public static void main(String[] arguments) throws IOException {
    EngineOptions options =
        TestEngines.options(Path.of(arguments[0])).hostMemory(2 * GIB).threads(0).build();
    try (Engine engine = Engine.start(options)) {
      System.out.println(engine.describePlan());
      List<RowRequest> requests =
          IntStream.range(0, 4).mapToObj(BoundedMemoryTest::request).toList();
      List<RowResult> results = TestEngines.run(engine, requests);
      assertThat(results).extracting(RowResult::reason).containsOnly(FinishReason.LENGTH);
      System.out.printf(
          "generated %d tokens%n", results.stream().mapToInt(r -> r.tokens().length).sum());
    }
    Files.readString(Path.of("/proc/self/status"))
        .lines()
        .filter(line -> line.startsWith("VmHWM:"))
        .forEach(System.out::println);
  }

  private static RowRequest request(int key) {
    int[] prompt = IntStream.range(0, 16).map(i -> 1000 + 16 * key + i).toArray();
    return new RowRequest(
        key, PromptTokens.of(prompt), SamplingOptions.greedy(2), 0, (generated, count) -> false);
  }
}
