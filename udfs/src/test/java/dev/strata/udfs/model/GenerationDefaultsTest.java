package dev.strata.udfs.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.SamplingOverrides;
import dev.strata.udfs.api.StrataException;
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

  private static GenerationDefaults parse(String generation, String config) {
    return GenerationDefaults.parse(generation, config, "/m");
  }
}
