package dev.strata.udfs.tools;

import com.google.gson.JsonObject;
import dev.strata.udfs.api.StrataException;
import java.util.List;

/**
 * The sizes of a Llama model, for checkpoints of random numbers.
 *
 * @param name what it is called
 * @param vocabSize rows of embedding and head
 * @param hiddenSize width of the residual stream
 * @param intermediateSize width of the feed-forward
 * @param heads query heads
 * @param kvHeads key and value heads
 * @param headDim width of a head
 * @param layers layers of the whole model
 */
public record ModelShape(
    String name,
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int heads,
    int kvHeads,
    int headDim,
    int layers)
    implements CheckpointShape {

  private static final int CONTEXT_LENGTH = 8192;

  static final List<ModelShape> KNOWN =
      List.of(
          new ModelShape("llama-3-8b", 128_256, 4096, 14_336, 32, 8, 128, 32),
          new ModelShape("llama-3-70b", 128_256, 8192, 28_672, 64, 8, 128, 80),
          new ModelShape("llama-3-405b", 128_256, 16_384, 53_248, 128, 8, 128, 126),
          new ModelShape("llama-3.2-1b", 128_256, 2048, 8192, 32, 8, 64, 16),
          new ModelShape("llama-2-7b", 32_000, 4096, 11_008, 32, 32, 128, 32),
          new ModelShape("llama-2-13b", 32_000, 5120, 13_824, 40, 40, 128, 40),
          new ModelShape("llama-2-70b", 32_000, 8192, 28_672, 64, 8, 128, 80),
          new ModelShape("mistral-7b", 32_768, 4096, 14_336, 32, 8, 128, 32),
          new ModelShape("mistral-large", 32_768, 12_288, 28_672, 96, 8, 128, 88),
          new ModelShape("tiny", 4096, 256, 768, 4, 2, 64, 4));

  /**
   * A shape by its name.
   *
   * @throws StrataException if there is none of that name
   */
  public static ModelShape named(String name) {
    return KNOWN.stream()
        .filter(shape -> shape.name.equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                StrataException.usage(
                    "unknown shape '%s'; known are %s",
                    name, String.join(", ", KnownShapes.names())));
  }

  @Override
  public String config() {
    JsonObject config = new JsonObject();
    config.addProperty("model_type", "llama");
    config.addProperty("vocab_size", vocabSize);
    config.addProperty("hidden_size", hiddenSize);
    config.addProperty("intermediate_size", intermediateSize);
    config.addProperty("num_attention_heads", heads);
    config.addProperty("num_key_value_heads", kvHeads);
    config.addProperty("head_dim", headDim);
    config.addProperty("num_hidden_layers", layers);
    config.addProperty("max_position_embeddings", CONTEXT_LENGTH);
    config.addProperty("rms_norm_eps", 1e-5);
    config.addProperty("rope_theta", 500_000.0);
    config.addProperty("hidden_act", "silu");
    config.addProperty("torch_dtype", "bfloat16");
    config.addProperty("tie_word_embeddings", false);
    config.addProperty("eos_token_id", 0);
    return config.toString();
  }

  @Override
  public ModelShape withLayers(int count) {
    return new ModelShape(
        name, vocabSize, hiddenSize, intermediateSize, heads, kvHeads, headDim, count);
  }

  @Override
  public double expertSkew() {
    return 0;
  }

  @Override
  public ModelShape withExpertSkew(double skew) {
    throw StrataException.usage("%s has no experts, whose choice could be skewed", name);
  }
}
