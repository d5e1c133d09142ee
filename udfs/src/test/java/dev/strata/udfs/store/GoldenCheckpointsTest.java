package dev.strata.udfs.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.model.ElementType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checkpoints that Hugging Face transformers wrote. */
class GoldenCheckpointsTest {

  private static final Path GOLDENS = Path.of("src/test/resources/goldens");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gemma2",
        "gemma3",
        "granite",
        "llama",
        "llama-linear-rope",
        "llama-mha-bias",
        "llama-tied-headdim",
        "llama-yarn",
        "llama3-rope",
        "mistral",
        "olmo2",
        "phi3",
        "qwen2",
        "qwen3",
        "smollm3"
      })
  void opensWhatTransformersWrote(String golden) throws Exception {
    try (Checkpoint checkpoint = Checkpoint.open(GOLDENS.resolve(golden).toString())) {
      assertThat(checkpoint.spec().layers()).hasSize(3);
      assertThat(checkpoint.generation().stopTokens()).isEqualTo(Set.of(2));
      assertThat(LayerStore.of(checkpoint, 4_096).sweepBytes()).isEqualTo(checkpoint.weightBytes());
      assertThat(checkpoint.weight(checkpoint.spec().headMatrix()).rows()).isEqualTo(128);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "deepseek-v3, deepseek_v3",
    "gpt-oss, gpt_oss",
    "mixtral, mixtral",
    "qwen2-moe, qwen2_moe",
    "qwen3-moe, qwen3_moe"
  })
  void refusesOtherFamilies(String golden, String modelType) {
    Path directory = GOLDENS.resolve(golden).toAbsolutePath();
    assertThatThrownBy(() -> Checkpoint.open(directory.toString()))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "model_type %s in %s/config.json is not supported; use a model of type exaone4, gemma2,"
                + " gemma3_text, gemma4_text, glm4, granite, llama, ministral3, mistral, olmo2,"
                + " olmo3, phi3, qwen2, qwen3, seed_oss, smollm3",
            modelType, directory);
  }

  @Test
  void readsTheFinalNormOfAShardedModel() throws Exception {
    try (Checkpoint checkpoint = Checkpoint.open(GOLDENS.resolve("llama").toString())) {
      Weight norm = checkpoint.weight(checkpoint.spec().head().norm());
      assertThat(norm.type()).isEqualTo(ElementType.F32);
      assertThat(norm.file()).isEqualTo("model-00004-of-00004.safetensors");
      ByteBuffer bytes = ByteBuffer.allocate((int) norm.bytes()).order(ByteOrder.LITTLE_ENDIAN);
      checkpoint.read(norm, 0, bytes);
      assertThat(bytes.flip().getFloat()).isBetween(0.5f, 1.5f);
    }
  }

  @Test
  void aTiedHeadIsTheEmbedding() throws Exception {
    try (Checkpoint checkpoint = Checkpoint.open(GOLDENS.resolve("qwen3").toString())) {
      Weight head = checkpoint.weight(checkpoint.spec().headMatrix());
      Weight embedding = checkpoint.weight(checkpoint.spec().embedding());
      assertThat(checkpoint.spec().tiedHead()).isTrue();
      assertThat(head.offset()).isEqualTo(embedding.offset());
      assertThat(head.rows()).isEqualTo(checkpoint.spec().vocabSize());
    }
  }
}
