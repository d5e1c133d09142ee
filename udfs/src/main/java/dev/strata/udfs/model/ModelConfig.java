package dev.strata.udfs.model;

import dev.strata.udfs.api.StrataException;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** A model's {@code config.json}. */
public final class ModelConfig {

  private static final TreeMap<String, ModelFamily> FAMILIES = new TreeMap<>();

  /** Where a model of texts and other things has what describes its decoder of texts. */
  static final String TEXT = "text_config";

  static {
    for (ModelFamily family :
        List.of(
            new DeepseekV3Family("deepseek_v3"),
            new DeepseekV3Family("kimi_k2"),
            new Exaone4Family(),
            new Gemma2Family(),
            new Gemma3Family(),
            new Gemma4Family(),
            new Glm4Family(),
            new Glm4MoeFamily(),
            new GptOssFamily(),
            new GraniteFamily(),
            new LlamaFamily(),
            new MiniMaxM2Family(),
            new Ministral3Family(),
            new MistralFamily(),
            new MixtralFamily(),
            new Olmo2Family(),
            new Olmo3Family(),
            new Phi3Family(),
            new Qwen2Family(),
            new Qwen2MoeFamily(),
            new Qwen3Family(),
            new Qwen3MoeFamily(),
            new Qwen3NextFamily(),
            new Qwen35Family(),
            new Qwen35MoeFamily(),
            new SeedOssFamily(),
            new SmolLm3Family())) {
      FAMILIES.put(family.modelType(), family);
    }
  }

  private final JsonFields config;
  private final ModelFamily family;
  private final Quantization quantization;

  private ModelConfig(JsonFields config, ModelFamily family, Quantization quantization) {
    this.config = config;
    this.family = family;
    this.quantization = quantization;
  }

  /** Every {@code model_type} that can be read, in alphabetical order. */
  public static Set<String> families() {
    return new TreeSet<>(FAMILIES.keySet());
  }

  /**
   * Reads a configuration whose tensors are still to be made.
   *
   * @param json the text of {@code config.json}
   * @param origin the file's path, for messages
   * @throws StrataException if the family is unknown or a field makes no sense
   */
  public static DecoderSpec parse(String json, String origin) {
    return read(json, origin).decoder(SizeBounds.NONE);
  }

  /**
   * Reads of what family a model is, and nothing more: what else there is has to be held against
   * the checkpoint's tensors. Of a model of several towers it is the one of texts that counts.
   *
   * @param json the text of {@code config.json}
   * @param origin the file's path, for messages
   * @throws StrataException if the family is unknown or the weights are stored in a form that is
   *     not read
   */
  public static ModelConfig read(String json, String origin) {
    JsonFields config = JsonFields.parse(json, origin);
    ModelFamily family = FAMILIES.get(config.text("model_type"));
    if (family != null) {
      return new ModelConfig(config, family, Quantization.read(config));
    }
    JsonFields text = config.isPresent(TEXT) ? config.object(TEXT) : config;
    family = FAMILIES.get(text.text("model_type"));
    if (family == null) {
      throw StrataException.model(
          "%smodel_type %s in %s is not supported; use a model of type %s",
          text == config ? "" : TEXT + ".",
          text.text("model_type"),
          origin,
          String.join(", ", FAMILIES.keySet()));
    }
    JsonFields decoder =
        text.withDefault("tie_word_embeddings", config)
            .withDefault(Quantization.CONFIG, config) // of all towers
            .withDefaults(family.sizesOfClass());
    return new ModelConfig(decoder, family, Quantization.read(decoder));
  }

  /**
   * Reads a configuration in the older form ({@code rope_theta}, {@code rope_scaling}) or in the
   * newer ({@code rope_parameters}). Fields that are absent have the defaults of Hugging Face's
   * configuration classes, save the sizes of matrices, which must be there.
   *
   * @param bounds of the checkpoint's tensors
   * @throws StrataException if a field makes no sense or a size is out of bounds
   */
  public DecoderSpec decoder(SizeBounds bounds) {
    return family.read(config.within(bounds));
  }

  /** In which form matrices are stored that are not plain numbers. */
  public Quantization quantization() {
    return quantization;
  }
}
