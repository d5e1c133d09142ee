package dev.strata.udfs.model;

import dev.strata.udfs.api.SamplingOverrides;
import java.util.Set;

/**
 * How a checkpoint wants its text generated.
 *
 * @param stopTokens the ids that end a completion; empty if the checkpoint names none
 * @param sampling what the checkpoint says of sampling; what it leaves open is null
 */
public record GenerationDefaults(Set<Integer> stopTokens, SamplingOverrides sampling) {

  private static final double SAMPLED_TEMPERATURE = 1;
  private static final int SAMPLED_TOP_K = 50;
  private static final double SAMPLED_TOP_P = 1;

  public GenerationDefaults {
    stopTokens = Set.copyOf(stopTokens);
  }

  /**
   * Reads {@code generation_config.json}, and {@code config.json} for stop tokens that are not in
   * it. As in Hugging Face transformers, a model samples only where {@code do_sample} is true, by
   * default with temperature 1, top-k 50 and top-p 1, and is greedy otherwise.
   *
   * @param generationConfigJson the text of {@code generation_config.json}, or null if there is
   *     none
   * @param configJson the text of {@code config.json}
   * @param origin the checkpoint's directory, for messages
   * @throws dev.strata.udfs.api.StrataException if a field makes no sense
   */
  public static GenerationDefaults parse(
      String generationConfigJson, String configJson, String origin) {
    JsonFields config = JsonFields.parse(configJson, origin + "/config.json");
    JsonFields generation =
        JsonFields.parse(
            generationConfigJson == null ? "{}" : generationConfigJson,
            origin + "/generation_config.json");
    return new GenerationDefaults(stopTokens(generation, config), sampling(generation));
  }

  private static Set<Integer> stopTokens(JsonFields generation, JsonFields config) {
    String name = "eos_token_id";
    if (generation.isPresent(name)) {
      return Set.copyOf(generation.wholeNumbers(name));
    }
    return config.isPresent(name) ? Set.copyOf(config.wholeNumbers(name)) : Set.of();
  }

  private static SamplingOverrides sampling(JsonFields generation) {
    Integer maxNewTokens =
        generation.isPresent("max_new_tokens") ? generation.size("max_new_tokens") : null;
    Double repetitionPenalty =
        generation.isPresent("repetition_penalty")
            ? generation.positive("repetition_penalty")
            : null;
    if (!generation.flagOr("do_sample", false)) {
      return new SamplingOverrides(
          maxNewTokens, repetitionPenalty, 0.0, null, null, null, null, null);
    }
    return new SamplingOverrides(
        maxNewTokens,
        repetitionPenalty,
        generation.numberOr("temperature", SAMPLED_TEMPERATURE),
        generation.wholeOr("top_k", 0, SAMPLED_TOP_K),
        atMostOne(generation, "top_p", generation.positiveOr("top_p", SAMPLED_TOP_P)),
        atMostOne(generation, "min_p", generation.numberOr("min_p", 0)),
        null,
        null);
  }

  private static double atMostOne(JsonFields generation, String name, double value) {
    if (value > 1) {
      throw generation.invalid(name, "at most 1");
    }
    return value;
  }
}
