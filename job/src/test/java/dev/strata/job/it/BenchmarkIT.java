package dev.strata.job.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.strata.job.Demo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The benchmark in a JVM that has nothing but the jar. */
@Order(2)
class BenchmarkIT {

  private static final int TIMEOUT_MINUTES = 3;

  @TempDir Path directory;

  @Test
  void theJarAloneMeasuresATinyModel() throws Exception {
    Path json = directory.resolve("figures.json");
    Path timeline = directory.resolve("sweep.svg");
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    int exit =
        run(
            out,
            err,
            Stream.of(
                "--shape", "tiny",
                "--prompts", "6",
                "--prompt-tokens", "24",
                "--new-tokens", "5",
                "--device", "cpu",
                "--threads", "1",
                "--host-memory", "256m",
                "--directory", directory.resolve("models").toString(),
                "--compare", "row-by-row",
                "--json", json.toString(),
                "--timeline", timeline.toString()));
    assertThat(exit).as(Files.readString(err)).isZero();
    assertThat(Files.readString(err)).contains("memory plan: 256 MiB").doesNotContain("SLF4J");
    assertThat(Files.readString(out))
        .contains("6 prompts of 24 tokens, 5 new tokens each")
        .contains("part of the limit reached")
        .contains("times as fast, end to end");
    assertFigures(JsonParser.parseString(Files.readString(json)).getAsJsonObject());
    assertThat(timeline).content().startsWith("<svg ").contains("One decode sweep: ");
    assertThat(directory.resolve("sweep.prefill.svg")).content().contains("One prefill sweep: ");
  }

  /** Nothing of Spark's or Hadoop's is there to help. */
  @Test
  void anErrorIsOneSentence() throws Exception {
    Path err = directory.resolve("err.txt");
    Path none = directory.resolve("none");
    int exit = run(directory.resolve("out.txt"), err, Stream.of("--model", none.toString()));
    assertThat(exit).isEqualTo(3);
    assertThat(Files.readString(err))
        .startsWith("strata: ")
        .contains(none.toString())
        .doesNotContain("\tat ");
  }

  private static int run(Path out, Path err, Stream<String> arguments) throws Exception {
    List<String> command =
        Stream.concat(
                Stream.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-cp",
                    Demo.ROOT.resolve("job/target/strata.jar").toString(),
                    "dev.strata.job.cli.Strata",
                    "benchmark"),
                arguments)
            .toList();
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    if (!process.waitFor(TIMEOUT_MINUTES, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new IllegalStateException("no end: " + Files.readString(err));
    }
    return process.exitValue();
  }

  private static void assertFigures(JsonObject json) {
    assertThat(json.get("command").getAsString()).startsWith("strata benchmark --shape tiny");
    assertThat(json.getAsJsonObject("machine").get("cores").getAsInt()).isPositive();
    JsonObject prefill = json.getAsJsonObject("prefill");
    assertThat(prefill.get("tokens_median").getAsInt()).isEqualTo(6 * 24);
    JsonObject decode = json.getAsJsonObject("decode");
    assertThat(decode.get("rows").getAsInt()).isEqualTo(6);
    assertThat(decode.get("tokens_per_second").getAsDouble()).isPositive();
    assertThat(decode.get("part_of_limit").getAsDouble()).isPositive();
    assertThat(decode.getAsJsonObject("lanes").keySet())
        .containsExactly("disk", "copy", "kv", "compute");
    assertThat(json.getAsJsonObject("rates").get("product_operations").getAsDouble()).isPositive();
    assertThat(json.getAsJsonArray("sweeps")).hasSize(5);
    JsonObject comparison = json.getAsJsonObject("comparison");
    assertThat(comparison.get("attention_seconds").getAsDouble()).isPositive();
    assertThat(comparison.get("sampled_rows").getAsInt()).isEqualTo(6);
  }
}
