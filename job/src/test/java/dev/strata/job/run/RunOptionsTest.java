package dev.strata.job.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.job.report.Environment;
import dev.strata.job.report.PlannedEngine;
import dev.strata.job.report.RunReportJson;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.RunIdentity;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.spark.Fingerprints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunOptionsTest {

  private static final Configuration HADOOP = new Configuration(false);

  @TempDir Path output;

  @Test
  void whatDiffersIsNamed() throws IOException {
    record(settings("temperature", "0.7", "topK", "5"));
    RunOptions read = RunOptions.read(HADOOP, output.toString());
    assertThat(read).isEqualTo(options("temperature", "0.7", "topK", "5"));
    assertThat(read.differences(options("temperature", "0.2", "topK", "5", "seed", "3")))
        .containsExactly("--seed was 0 and is 3", "--temperature was 0.7 and is 0.2");
    assertThat(read.differences(options("topK", "5")))
        .containsExactly("--temperature was 0.7 and is the model's");
    assertThat(read.differences(read)).isEmpty();
  }

  /** A secret among the options is none that says how texts are made. */
  @Test
  void secretsAndUnknownKeysDoNotCount() throws IOException {
    Map<String, String> settings = settings("temperature", "0.7");
    settings.put("spark.strata.input.options", "password=x");
    settings.put("spark.strata.ofTheFuture", "1");
    record(settings);
    assertThat(RunOptions.read(HADOOP, output.toString())).isEqualTo(options("temperature", "0.7"));
  }

  /** As outputs have them that were written before there were records. */
  @Test
  void anOlderOutputSaysItAlone() throws IOException {
    Files.writeString(output.resolve("_strata_options.json"), "{\"--temperature\": \"0.7\"}");
    assertThat(RunOptions.read(HADOOP, output.toString()).differences(options()))
        .containsExactly("--temperature was 0.7 and is the model's");
    record(settings("temperature", "0.2"));
    assertThat(RunOptions.read(HADOOP, output.toString()).differences(options()))
        .containsExactly("--temperature was 0.2 and is the model's");
  }

  @Test
  void anOutputThatDoesNotSay() throws IOException {
    assertThat(RunOptions.read(HADOOP, output.toString()).differences(options())).isEmpty();
  }

  private void record(Map<String, String> settings) {
    RunReportJson json =
        new RunReportJson(
            "generate",
            Instant.EPOCH,
            "in",
            output.toString(),
            settings,
            () -> new RunIdentity("a", "b", "c"),
            new Environment("app", Map.of(), Map.of(), PlannedEngine.unknown("")),
            null);
    org.apache.hadoop.fs.Path place = new org.apache.hadoop.fs.Path(output.toString());
    OutputRecord.keep(HADOOP, place, json::running);
  }

  private static Map<String, String> settings(String... leaves) {
    Map<String, String> settings =
        new HashMap<>(Map.of("spark.strata.model", "m", "spark.strata.prompt", "x"));
    for (int i = 0; i < leaves.length; i += 2) {
      settings.put("spark.strata." + leaves[i], leaves[i + 1]);
    }
    return settings;
  }

  private static RunOptions options(String... leaves) {
    StrataConf conf = StrataConf.of(settings(leaves));
    GenerationOptions options = conf.generationOptions(conf.promptOptions());
    return new RunOptions(Fingerprints.options(options));
  }
}
