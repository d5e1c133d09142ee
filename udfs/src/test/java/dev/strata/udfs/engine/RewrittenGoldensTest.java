package dev.strata.udfs.engine;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Mixtures in the other forms that their checkpoints have: what is expected stays. */
class RewrittenGoldensTest {

  @TempDir private Path directory;

  private void compare(RewrittenCheckpoint rewritten) throws IOException {
    Path model = directory.resolve("model");
    rewritten.write(model);
    Golden golden = Golden.read(model);
    TestGoldens.inOneWave(TestEngines.options(model).build(), golden);
    TestGoldens.inOneWave(TestEngines.options(model).device("staged").build(), golden);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"mixtral", "qwen2-moe", "qwen3-moe", "glm4-moe", "minimax-m2", "deepseek-v3"})
  void expertsInOneTensor(String golden) throws IOException {
    compare(RewrittenCheckpoint.of(TestEngines.golden(golden)).withExpertsTogether());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mixtral",
        "qwen2-moe",
        "qwen3-moe",
        "glm4-moe",
        "minimax-m2",
        "deepseek-v3",
        "gpt-oss"
      })
  void anOlderConfigurationAndALayerBehind(String golden) throws IOException {
    compare(RewrittenCheckpoint.of(TestEngines.golden(golden)).withOlderConfig().withLayerBehind());
  }

  /** Whatever the experts are called. */
  @ParameterizedTest
  @CsvSource({
    "mixtral, num_local_experts, num_experts",
    "qwen2-moe, num_experts, num_local_experts",
    "qwen3-moe, num_local_experts, num_experts",
    "glm4-moe, n_routed_experts, num_local_experts",
    "minimax-m2, num_local_experts, num_experts",
    "deepseek-v3, n_routed_experts, num_local_experts",
    "gpt-oss, num_local_experts, num_experts"
  })
  void theOtherNameOfTheNumberOfExperts(String golden, String from, String to) throws IOException {
    RewrittenCheckpoint rewritten = RewrittenCheckpoint.of(TestEngines.golden(golden));
    rewritten.config().add(to, rewritten.config().remove(from));
    compare(rewritten);
  }
}
