package dev.strata.udfs.model;

import dev.strata.udfs.api.SamplingOverrides;
import dev.strata.udfs.api.TokenBans;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * How a checkpoint wants its text generated.
 *
 * @param stopTokens the ids that end a completion; empty if the checkpoint names none
 * @param sampling what the checkpoint says of sampling; what it leaves open is null
 * @param unsupported what it asks for beyond that, by name and value as JSON
 */
public record GenerationDefaults(
    Set<Integer> stopTokens, SamplingOverrides sampling, Map<String, String> unsupported) {

  private static final double SAMPLED_TEMPERATURE = 1;
  private static final int SAMPLED_TOP_K = 50;
  private static final double SAMPLED_TOP_P = 1;

  /**
   * Fields of transformers' GenerationConfig that change which tokens are chosen and are not done,
   * with the value that changes nothing; null where only its absence does.
   */
  private static final Map<String, Object> UNSUPPORTED = new LinkedHashMap<>();

  /** Further such fields, which count where a model samples alone. */
  private static final Map<String, Object> UNSUPPORTED_SAMPLING = new LinkedHashMap<>();

  /** Further such fields, which count where there are several beams alone. */
  private static final Map<String, Object> UNSUPPORTED_BEAMS = new LinkedHashMap<>();

  static {
    UNSUPPORTED.put("num_beams", 1.0);
    UNSUPPORTED.put("num_beam_groups", 1.0);
    UNSUPPORTED.put("num_return_sequences", 1.0);
    UNSUPPORTED.put("penalty_alpha", 0.0);
    UNSUPPORTED.put("dola_layers", null);
    UNSUPPORTED.put("guidance_scale", 1.0);
    UNSUPPORTED.put("encoder_repetition_penalty", 1.0);
    UNSUPPORTED.put("encoder_no_repeat_ngram_size", 0.0);
    UNSUPPORTED.put("sequence_bias", null);
    UNSUPPORTED.put("forced_bos_token_id", null);
    UNSUPPORTED.put("forced_eos_token_id", null);
    UNSUPPORTED.put("forced_decoder_ids", null);
    UNSUPPORTED.put("force_words_ids", null);
    UNSUPPORTED.put("constraints", null);
    UNSUPPORTED.put("exponential_decay_length_penalty", null);
    UNSUPPORTED.put("remove_invalid_values", false);
    UNSUPPORTED.put("watermarking_config", null);
    UNSUPPORTED.put("token_healing", false);
    UNSUPPORTED.put("max_time", null);
    UNSUPPORTED_SAMPLING.put("typical_p", 1.0);
    UNSUPPORTED_SAMPLING.put("top_h", 1.0);
    UNSUPPORTED_SAMPLING.put("epsilon_cutoff", 0.0);
    UNSUPPORTED_SAMPLING.put("eta_cutoff", 0.0);
    UNSUPPORTED_BEAMS.put("length_penalty", 1.0);
    UNSUPPORTED_BEAMS.put("diversity_penalty", 0.0);
    UNSUPPORTED_BEAMS.put("early_stopping", false);
  }

  public GenerationDefaults {
    stopTokens = Set.copyOf(stopTokens);
  }

  /**
   * Reads {@code generation_config.json}, and {@code config.json}, its {@code text_config} last,
   * for stop tokens that are not in it. As in Hugging Face transformers, a model samples only where
   * {@code do_sample} is true, by default with temperature 1, top-k 50 and top-p 1, and is greedy
   * otherwise.
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
    return new GenerationDefaults(
        stopTokens(generation, config), sampling(generation), unsupported(generation));
  }

  private static Set<Integer> stopTokens(JsonFields generation, JsonFields config) {
    String name = "eos_token_id";
    return Stream.of(generation, config, config.object(ModelConfig.TEXT))
        .filter(fields -> fields.isPresent(name))
        .findFirst()
        .map(fields -> Set.copyOf(fields.wholeNumbers(name)))
        .orElse(Set.of());
  }

  private static Map<String, String> unsupported(JsonFields generation) {
    Map<String, String> unsupported = new LinkedHashMap<>();
    generation.addOthers(UNSUPPORTED, unsupported);
    if (generation.flagOr("do_sample", false)) {
      generation.addOthers(UNSUPPORTED_SAMPLING, unsupported);
    }
    if (unsupported.containsKey("num_beams")) {
      generation.addOthers(UNSUPPORTED_BEAMS, unsupported);
    }
    return unsupported;
  }

  private static TokenBans bans(JsonFields generation) {
    return new TokenBans(
        wholeOrNull(generation, "min_new_tokens"),
        wholeOrNull(generation, "min_length"),
        wholeOrNull(generation, "no_repeat_ngram_size"),
        idsOrNull(generation, "suppress_tokens"),
        idsOrNull(generation, "begin_suppress_tokens"),
        generation.isPresent("bad_words_ids") ? generation.idLists("bad_words_ids") : null);
  }

  private static Integer wholeOrNull(JsonFields generation, String name) {
    return generation.isPresent(name) ? generation.whole(name, 0, Integer.MAX_VALUE) : null;
  }

  private static List<Integer> idsOrNull(JsonFields generation, String name) {
    return generation.isPresent(name) ? generation.ids(name) : null;
  }

  private static List<String> stopStrings(JsonFields generation) {
    String name = "stop_strings";
    if (!generation.isPresent(name)) {
      return null;
    }
    List<String> texts = generation.textOrTexts(name);
    if (texts.stream().anyMatch(String::isEmpty)) {
      throw generation.invalid(name, "a string or a list of strings, none of them empty");
    }
    return texts;
  }

  private static SamplingOverrides sampling(JsonFields generation) {
    Integer maxNewTokens =
        generation.isPresent("max_new_tokens") ? generation.size("max_new_tokens") : null;
    Double repetitionPenalty =
        generation.isPresent("repetition_penalty")
            ? generation.positive("repetition_penalty")
            : null;
    List<String> stopStrings = stopStrings(generation);
    TokenBans bans = bans(generation);
    if (!generation.flagOr("do_sample", false)) {
      return new SamplingOverrides(
          maxNewTokens, repetitionPenalty, 0.0, null, null, null, stopStrings, null, null, bans);
    }
    return new SamplingOverrides(
        maxNewTokens,
        repetitionPenalty,
        generation.numberOr("temperature", SAMPLED_TEMPERATURE),
        generation.wholeOr("top_k", 0, SAMPLED_TOP_K),
        atMostOne(generation, "top_p", generation.positiveOr("top_p", SAMPLED_TOP_P)),
        atMostOne(generation, "min_p", generation.numberOr("min_p", 0)),
        stopStrings,
        null,
        null,
        bans);
  }

  private static double atMostOne(JsonFields generation, String name, double value) {
    if (value > 1) {
      throw generation.invalid(name, "at most 1");
    }
    return value;
  }
}
