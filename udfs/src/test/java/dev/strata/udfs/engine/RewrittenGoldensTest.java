package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
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

  /** Corrections of real models are near ten, where half types have steps of what decides. */
  @ParameterizedTest
  @ValueSource(strings = {"glm4-moe", "minimax-m2"})
  void aCorrectionIsNotRounded(String golden) throws IOException {
    Path shifted = directory.resolve("shifted");
    RewrittenCheckpoint.of(TestEngines.golden(golden))
        .withShifted("e_score_correction_bias", 64)
        .write(shifted);
    RecordedLogits own = halfLogits(TestEngines.golden(golden));
    RecordedLogits other = halfLogits(shifted);
    for (int position : own.positions()) {
      assertThat(other.at(position)).isEqualTo(own.at(position));
    }
  }

  private static RecordedLogits halfLogits(Path model) {
    RecordedLogits logits = new RecordedLogits();
    int[] prompt = IntStream.range(0, 40).map(i -> 3 + 7 * i % 120).toArray();
    try (Engine engine = Engine.start(TestEngines.options(model).computeType("bfloat16").build())) {
      TestEngines.run(engine, List.of(TestEngines.observed(0, prompt, 1, logits)));
    }
    return logits;
  }
}
