package dev.strata.job.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import dev.strata.job.Rows;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.launcher.JavaModuleOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Spark's own submit, in another directory, without what the launcher and {@code conf} set. */
class SparkSubmitIT {

  private static final String JAR = Demo.ROOT.resolve("job/target/strata.jar").toString();

  @TempDir Path directory;

  @Test
  void givesTheSameRows() throws Exception {
    CommandResult result =
        submit(
            "",
            JAR,
            "translate",
            "--to-language",
            "French",
            "--input",
            Demo.ROOT.resolve("datasets/sentences.json").toString(),
            "--limit",
            "5",
            "--max-new-tokens",
            "60");
    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    Map<String, JsonObject> rows = Rows.read(directory.resolve("out"));
    assertThat(rows).hasSize(5);
    for (String line :
        Files.readAllLines(
            Demo.ROOT.resolve("job/src/test/resources/reference/translations.jsonl"))) {
      JsonObject expected = JsonParser.parseString(line).getAsJsonObject();
      JsonObject row = rows.get(Rows.text(expected, "id"));
      if (row != null && expected.get("least_margin").getAsDouble() > 1e-3) {
        assertThat(row.get("completion")).isEqualTo(expected.get("completion"));
      }
    }
  }

  /** Files may grow to 256 KB only, which the output's one row exceeds and no other file. */
  @Test
  void noRoomForTheOutput() throws Exception {
    Path input = directory.resolve("rows.jsonl");
    Files.writeString(
        input, "{\"text\": \"Late.\", \"note\": \"%s\"}\n".formatted("x".repeat(1_200_000)));
    CommandResult result =
        submit(
            "ulimit -f 256;",
            "spark-internal",
            "generate",
            "--input",
            input.toString(),
            "--max-new-tokens",
            "1");
    assertThat(result.exitCode()).isEqualTo(4);
    assertThat(result.err())
        .filteredOn(line -> line.startsWith("strata: "))
        .containsExactly(
            "strata: the output %s cannot be written: File too large; make room there, then start again"
                .formatted(directory.resolve("out")));
    assertThat(directory.resolve("out")).as("nothing half-written").doesNotExist();
  }

  /**
   * Runs a command.
   *
   * @param before what the shell does first
   * @param resource the jar, or {@code spark-internal} for a class that Spark's class path has
   */
  private CommandResult submit(String before, String resource, String... args) throws Exception {
    List<String> words = new ArrayList<>(List.of("bash", "-c", before + "exec \"$@\"", "bash"));
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")); // for a short life
    words.addAll(Arrays.asList(JavaModuleOptions.defaultModuleOptionArray()));
    words.addAll(List.of("-cp", classPath(resource), "org.apache.spark.deploy.SparkSubmit"));
    words.addAll(List.of("--class", "dev.strata.job.cli.Strata", resource));
    words.addAll(Arrays.asList(args));
    words.addAll(List.of("--model", Demo.MODEL.toString(), "--host-memory", "256m"));
    words.addAll(List.of("--output", directory.resolve("out").toString()));
    ProcessBuilder builder = new ProcessBuilder(words).directory(directory.toFile());
    builder.environment().remove("OMP_WAIT_POLICY");
    return Launcher.execute(builder);
  }

  private static String classPath(String resource) {
    String spark = Demo.ROOT.resolve("target/spark/jars") + "/*";
    return resource.equals(JAR) ? spark : spark + ":" + JAR;
  }
}
