package dev.strata.udfs.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import dev.strata.udfs.api.StrataException;
import java.util.Collections;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Added tokens whose number or length the tokenizers library would not come back from in time. */
class AddedTokenLimitsTest {

  private static final String WORDS =
      "{\"version\": \"1.0\", \"normalizer\": %s, \"added_tokens\": [%s], \"model\": {\"type\":"
          + " \"WordLevel\", \"vocab\": {\"u\": 0}, \"unk_token\": \"u\"}}";

  private static String tokens(int count, int length, boolean normalized) {
    return IntStream.range(0, count)
        .mapToObj(id -> token(id, "x".repeat(length - 6) + (100_000 + id), normalized))
        .collect(Collectors.joining(","));
  }

  private static String token(int id, String content, boolean normalized) {
    return ("{\"id\": %d, \"content\": \"%s\", \"special\": true, \"single_word\": false,"
            + " \"lstrip\": false, \"rstrip\": false, \"normalized\": %b}")
        .formatted(id + 1, content, normalized);
  }

  private static void check(String normalizer, String tokens) {
    TokenizerCheck.limits(TokenizerJson.parse(WORDS.formatted(normalizer, tokens), "/models/x"));
  }

  private static void require(int count) {
    JsonElement token = JsonParser.parseString(token(0, "<s>", false));
    TokenizerJson json = TokenizerJson.parse("{}", "/models/x");
    AddedTokenLimits.require(Collections.nCopies(count, token), new NormalizerSteps(), json);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tokenizer.json|its own",
        "tokenizer_config.json|{\"added_tokens_decoder\": {\"1\": {\"content\": \"%s\"}}}",
        "tokenizer_config.json|{\"eos_token\": \"%s\"}",
        "tokenizer_config.json|{\"additional_special_tokens\": [\"a\", {\"content\": \"%s\"}]}",
        "tokenizer_config.json|{\"extra_special_tokens\": {\"image_token\": \"%s\"}}",
        "special_tokens_map.json|{\"bos_token\": {\"content\": \"%s\"}}"
      })
  void aTokenIsBoundedInWhateverFileItIs(String file, String content) {
    Checkpoint of256 = Checkpoint.of("unigram").with(file, member(file, content, 256));
    assertThatCode(() -> of256.load().close()).doesNotThrowAnyException();
    Checkpoint of257 = Checkpoint.of("unigram").with(file, member(file, content, 257));
    assertThatThrownBy(of257::load)
        .isInstanceOfSatisfying(
            StrataException.class,
            e -> assertThat(e.fault()).isEqualTo(StrataException.Fault.MODEL))
        .hasMessage(
            "/models/x/%s cannot be used: its token '%s…' has 257 characters, more than the 256"
                    .formatted(file, "x".repeat(60))
                + " that a token may have; take it out or make it shorter");
  }

  private static String member(String file, String content, int length) {
    String text = "x".repeat(length);
    return file.equals("tokenizer.json")
        ? WORDS.formatted("null", token(0, text, false))
        : content.formatted(text);
  }

  @Test
  void theirNumberIsBounded() {
    int most = AddedTokenLimits.MOST_TOKENS;
    require(most);
    assertThatThrownBy(() -> require(most + 1))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "/models/x/tokenizer.json cannot be used: it adds 70,001 tokens to the vocabulary, more"
                + " than the 70,000 that are compared with each other in time; put them into the"
                + " model's vocabulary");
  }

  @Test
  void longOnesAreBoundedTogether() {
    check("null", tokens(2_048, 256, false));
    assertThatThrownBy(() -> check("null", tokens(2_049, 256, false)))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "/models/x/tokenizer.json cannot be used: the 2,049 tokens that it adds to the"
                + " vocabulary are too long together: the squares of their lengths sum up to"
                + " 134,283,264, more than 134,217,728; take some out or make them shorter");
  }

  @Test
  void tokensThatAreNormalizedCountAsLongAsTheyBecome() {
    String fourfold =
        "{\"type\": \"Replace\", \"pattern\": {\"String\": \"x\"}, \"content\":" + " \"yyyy\"}";
    check(fourfold, tokens(2_048, 256, false));
    check(fourfold, tokens(132, 256, true));
    assertThatThrownBy(() -> check(fourfold, tokens(133, 256, true)))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining(
            "the 133 tokens that it adds to the vocabulary are too long together");
  }
}
