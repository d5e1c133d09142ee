package dev.strata.job.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.PromptOptions;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.spark.Fingerprints;
import java.io.IOException;
import java.nio.file.Path;
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
    RunOptions was = options("temperature", "0.7", "topK", "5");
    was.write(HADOOP, new org.apache.hadoop.fs.Path(output.toString()));
    RunOptions read = RunOptions.read(HADOOP, output.toString());
    assertThat(read).isEqualTo(was);
    assertThat(read.differences(options("temperature", "0.2", "topK", "5", "seed", "3")))
        .containsExactly("--seed was 0 and is 3", "--temperature was 0.7 and is 0.2");
    assertThat(read.differences(options("topK", "5")))
        .containsExactly("--temperature was 0.7 and is the model's");
    assertThat(read.differences(was)).isEmpty();
  }

  @Test
  void anOutputThatDoesNotSay() throws IOException {
    assertThat(RunOptions.read(HADOOP, output.toString()).differences(options())).isEmpty();
  }

  private static RunOptions options(String... leaves) {
    Map<String, String> settings = new HashMap<>(Map.of("spark.strata.model", "m"));
    for (int i = 0; i < leaves.length; i += 2) {
      settings.put("spark.strata." + leaves[i], leaves[i + 1]);
    }
    GenerationOptions options =
        StrataConf.of(settings).generationOptions(new PromptOptions("x", null, null));
    return new RunOptions(Fingerprints.options(options));
  }
}
