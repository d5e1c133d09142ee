package dev.strata.udfs.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.SamplingOverrides;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.TokenBans;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GenerationDefaultsTest {

  private static final SamplingOverrides GREEDY =
      new SamplingOverrides(null, null, 0.0, null, null, null, null, null);

  @Test
  void stopTokensComeFromTheGenerationConfigFirst() {
    assertThat(parse("{\"eos_token_id\": [1, 5, 1]}", "{\"eos_token_id\": 2}").stopTokens())
        .isEqualTo(Set.of(1, 5));
    assertThat(parse("{}", "{\"eos_token_id\": 2}").stopTokens()).isEqualTo(Set.of(2));
    assertThat(parse(null, "{\"eos_token_id\": [2, 3]}").stopTokens()).isEqualTo(Set.of(2, 3));
    assertThat(parse(null, "{\"eos_token_id\": null}").stopTokens()).isEmpty();
  }

  @Test
  void greedyUnlessToldToSample() {
    assertThat(parse(null, "{}").sampling()).isEqualTo(GREEDY);
    assertThat(parse("{\"do_sample\": false, \"temperature\": 0.6}", "{}").sampling())
        .isEqualTo(GREEDY);
  }

  @Test
  void samplingDefaultsAreThoseOfTransformers() {
    assertThat(parse("{\"do_sample\": true}", "{}").sampling())
        .isEqualTo(new SamplingOverrides(null, null, 1.0, 50, 1.0, 0.0, null, null));
  }

  @Test
  void everyFieldCounts() {
    String generation =
        """
        {"do_sample": true, "temperature": 0.6, "top_k": 20, "top_p": 0.95, "min_p": 0.05,
         "repetition_penalty": 1.1, "max_new_tokens": 77}
        """;
    assertThat(parse(generation, "{}").sampling())
        .isEqualTo(new SamplingOverrides(77, 1.1, 0.6, 20, 0.95, 0.05, null, null));
  }

  @Test
  void theRepetitionPenaltyCountsWithoutSampling() {
    assertThat(parse("{\"repetition_penalty\": 1.2}", "{}").sampling().repetitionPenalty())
        .isEqualTo(1.2);
  }

  @Test
  void bannedTokensAndStopStrings() {
    String generation =
        """
        {"min_new_tokens": 3, "min_length": 5, "no_repeat_ngram_size": 2,
         "suppress_tokens": [1, -1], "begin_suppress_tokens": [], "bad_words_ids": [[4], [5, 6]],
         "stop_strings": ["END", "\\n"]}
        """;
    TokenBans bans =
        new TokenBans(3, 5, 2, List.of(1, -1), List.of(), List.of(List.of(4), List.of(5, 6)));
    assertThat(parse(generation, "{}").sampling())
        .isEqualTo(
            new SamplingOverrides(
                null, null, 0.0, null, null, null, List.of("END", "\n"), null, null, bans));
    String sampled = generation.replace("{\"min_new", "{\"do_sample\": true, \"min_new");
    assertThat(parse(sampled, "{}").sampling().bans()).isEqualTo(bans);
    assertThat(parse(sampled, "{}").sampling().stopStrings()).containsExactly("END", "\n");
    assertThat(parse("{\"stop_strings\": \"END\"}", "{}").sampling().stopStrings())
        .containsExactly("END");
    assertThat(parse(generation, "{}").unsupported()).isEmpty();
  }

  @Test
  void whatIsNotDoneIsKnownByNameAndValue() {
    String neutral =
        """
        {"num_beams": 1, "num_beam_groups": 1, "num_return_sequences": 1, "penalty_alpha": null,
         "guidance_scale": 1.0, "encoder_repetition_penalty": 1.0, "sequence_bias": {},
         "encoder_no_repeat_ngram_size": 0, "forced_eos_token_id": null, "early_stopping": true,
         "remove_invalid_values": false, "length_penalty": 2.0, "typical_p": 0.5,
         "force_words_ids": [], "use_cache": true, "transformers_version": "4.51.0"}
        """;
    assertThat(parse(neutral, "{}").unsupported()).isEmpty();
    String beams =
        """
        {"num_beams": 4, "length_penalty": 2.0, "early_stopping": true, "diversity_penalty": 0.0,
         "penalty_alpha": 0.6, "forced_bos_token_id": 0, "sequence_bias": [[[1, 2], -0.5]],
         "remove_invalid_values": true}
        """;
    assertThat(parse(beams, "{}").unsupported())
        .containsExactly(
            Map.entry("num_beams", "4"),
            Map.entry("penalty_alpha", "0.6"),
            Map.entry("sequence_bias", "[[[1,2],-0.5]]"),
            Map.entry("forced_bos_token_id", "0"),
            Map.entry("remove_invalid_values", "true"),
            Map.entry("length_penalty", "2.0"),
            Map.entry("early_stopping", "true"));
    assertThat(
            parse(
                    "{\"do_sample\": true, \"typical_p\": 0.5, \"eta_cutoff\": 0.0, \"top_h\":"
                        + " null}",
                    "{}")
                .unsupported())
        .containsExactly(Map.entry("typical_p", "0.5"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"temperature\": -1 | temperature is -1 in /m/generation_config.json; it must be a number"
            + " of 0 or more",
        "\"top_k\": -1 | top_k is -1 in /m/generation_config.json; it must be a whole number of 0"
            + " or more",
        "\"top_p\": 0 | top_p is 0 in /m/generation_config.json; it must be a number above 0",
        "\"top_p\": 1.5 | top_p is 1.5 in /m/generation_config.json; it must be at most 1",
        "\"min_p\": 2 | min_p is 2 in /m/generation_config.json; it must be at most 1",
        "\"min_new_tokens\": -1 | min_new_tokens is -1 in /m/generation_config.json; it must be a"
            + " whole number of 0 or more",
        "\"no_repeat_ngram_size\": 1.5 | no_repeat_ngram_size is 1.5 in"
            + " /m/generation_config.json; it must be a whole number of 0 or more",
        "\"suppress_tokens\": 3 | suppress_tokens is 3 in /m/generation_config.json; it must be a"
            + " list of whole numbers",
        "\"suppress_tokens\": [1e99] | suppress_tokens is [1e99] in /m/generation_config.json; it"
            + " must be a list of whole numbers",
        "\"bad_words_ids\": [[1], []] | bad_words_ids is [[1],[]] in /m/generation_config.json; it"
            + " must be a list of lists of whole numbers, none of them empty",
        "\"bad_words_ids\": 1 | bad_words_ids is 1 in /m/generation_config.json; it must be a list"
            + " of lists of whole numbers, none of them empty",
        "\"stop_strings\": [\"\"] | stop_strings is [\"\"] in /m/generation_config.json; it must be"
            + " a string or a list of strings, none of them empty",
        "\"stop_strings\": [1] | stop_strings is [1] in /m/generation_config.json; it must be a"
            + " string or a list of strings",
        "\"max_new_tokens\": 0 | max_new_tokens is 0 in /m/generation_config.json; it must be a"
            + " whole number of 1 or more",
        "\"eos_token_id\": \"</s>\" | eos_token_id is \"</s>\" in /m/generation_config.json; it"
            + " must be a whole number of 0 or more, or a list of them",
        "\"eos_token_id\": [2, -1] | eos_token_id is [2,-1] in /m/generation_config.json; it must"
            + " be a whole number of 0 or more, or a list of them",
      })
  void nonsenseIsOneSentence(String field, String message) {
    assertThatThrownBy(() -> parse("{\"do_sample\": true, " + field + "}", "{}"))
        .isInstanceOf(StrataException.class)
        .hasMessage(message);
  }

  @Test
  void theTextModelsStopTokenIsTheLast() {
    String text = "\"text_config\": {\"eos_token_id\": 5}";
    assertThat(parse("{}", "{" + text + "}").stopTokens()).containsExactly(5);
    assertThat(parse("{}", "{\"eos_token_id\": 4, " + text + "}").stopTokens()).containsExactly(4);
  }

  private static GenerationDefaults parse(String generation, String config) {
    return GenerationDefaults.parse(generation, config, "/m");
  }
}
