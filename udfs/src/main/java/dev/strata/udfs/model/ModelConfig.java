package dev.strata.udfs.model;

import dev.strata.udfs.api.StrataException;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** A model's {@code config.json}. */
public final class ModelConfig {

  private static final TreeMap<String, ModelFamily> FAMILIES = new TreeMap<>();

  static {
    for (ModelFamily family :
        List.of(
            new DeepseekV3Family("deepseek_v3"),
            new DeepseekV3Family("kimi_k2"),
            new Exaone4Family(),
            new Gemma2Family(),
            new Gemma3Family(),
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
            new Phi3Family(),
            new Qwen2Family(),
            new Qwen2MoeFamily(),
            new Qwen3Family(),
            new Qwen3MoeFamily(),
            new SeedOssFamily(),
            new SmolLm3Family())) {
      FAMILIES.put(family.modelType(), family);
    }
  }

  private final JsonFields config;
  private final ModelFamily family;

  private ModelConfig(JsonFields config, ModelFamily family) {
    this.config = config;
    this.family = family;
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
   * the checkpoint's tensors.
   *
   * @param json the text of {@code config.json}
   * @param origin the file's path, for messages
   * @throws StrataException if the family is unknown or the weights are quantised
   */
  public static ModelConfig read(String json, String origin) {
    JsonFields config = JsonFields.parse(json, origin);
    String modelType = config.text("model_type");
    ModelFamily family = FAMILIES.get(modelType);
    if (family == null) {
      throw StrataException.model(
          "model_type %s in %s is not supported; use a model of type %s",
          modelType, origin, String.join(", ", FAMILIES.keySet()));
    }
    requireUnquantised(config);
    return new ModelConfig(config, family);
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

  private static void requireUnquantised(JsonFields config) {
    JsonFields quantization = config.object("quantization_config");
    if (!isOff(quantization)) {
      throw StrataException.model(
          "%s has a quantization_config (%s); use the model as F32, F16 or BF16",
          config.origin(), quantization.textOr("quant_method", "no quant_method"));
    }
  }

  /**
   * Whether such a configuration quantises nothing, as programs leave it behind that were told not
   * to. Hugging Face transformers then loads the weights as they are.
   */
  private static boolean isOff(JsonFields quantization) {
    if (quantization.flagOr("load_in_4bit", false) || quantization.flagOr("load_in_8bit", false)) {
      return false;
    }
    return switch (quantization.textOr("quant_method", "none")) {
      case "none" -> !quantization.isPresent("bits");
      case "bitsandbytes" -> true;
      case "compressed-tensors" -> quantization.object("config_groups").names().isEmpty();
      default -> false;
    };
  }
}
