package dev.strata.udfs.model;

import dev.strata.udfs.api.StrataException;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Reads {@code config.json}. */
public final class ModelConfig {

  private static final TreeMap<String, ModelFamily> FAMILIES = new TreeMap<>();

  static {
    for (ModelFamily family :
        List.of(new LlamaFamily(), new MistralFamily(), new Qwen2Family(), new Qwen3Family())) {
      FAMILIES.put(family.modelType(), family);
    }
  }

  private ModelConfig() {}

  /** Every {@code model_type} that can be read, in alphabetical order. */
  public static Set<String> families() {
    return new TreeSet<>(FAMILIES.keySet());
  }

  /**
   * Reads a configuration in the older form ({@code rope_theta}, {@code rope_scaling}) or in the
   * newer ({@code rope_parameters}). Fields that are absent have the defaults of Hugging Face's
   * configuration classes, save the sizes of matrices, which must be there.
   *
   * @param json the text of {@code config.json}
   * @param origin the file's path, for messages
   * @throws StrataException if the family is unknown or a field makes no sense
   */
  public static DecoderSpec parse(String json, String origin) {
    JsonFields config = JsonFields.parse(json, origin);
    String modelType = config.text("model_type");
    ModelFamily family = FAMILIES.get(modelType);
    if (family == null) {
      throw StrataException.model(
          "model_type %s in %s is not supported; use a model of type %s",
          modelType, origin, String.join(", ", FAMILIES.keySet()));
    }
    requireUnquantised(config);
    return family.read(config);
  }

  private static void requireUnquantised(JsonFields config) {
    if (config.isPresent("quantization_config")) {
      throw StrataException.model(
          "%s has a quantization_config (%s); use the model as F32, F16 or BF16",
          config.origin(),
          config.object("quantization_config").textOr("quant_method", "no quant_method"));
    }
  }
}
