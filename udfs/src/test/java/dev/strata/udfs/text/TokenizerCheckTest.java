package dev.strata.udfs.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.StrataException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tokenizer files on which the tokenizers library would end the JVM, and texts that would. */
class TokenizerCheckTest {

  private static final String WORDS =
      "\"model\": {\"type\": \"WordLevel\", \"vocab\": {\"a\": 0, \"u\": 1}, \"unk_token\": \"u\"}";

  private static String file(String member) {
    return "{\"version\": \"1.0\", %s, %s}".formatted(member, WORDS);
  }

  private static int textLimit(String json) {
    return TokenizerCheck.limits(TokenizerJson.parse(json, "/models/x")).chars();
  }

  private static void assertRefused(String json, String message) {
    assertThatThrownBy(() -> textLimit(json))
        .as(json)
        .isInstanceOfSatisfying(
            StrataException.class,
            e -> assertThat(e.fault()).isEqualTo(StrataException.Fault.MODEL))
        .hasMessageStartingWith("/models/x/tokenizer.json cannot be used: ")
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "`{'SpecialToken': {'id': 'X', 'type_id': 0}}` | {} | names the token 'X', which is not"
            + " among the post_processor's []",
        "`{'SpecialToken': {'id': 'X', 'type_id': 0}}` | `{'X': {'id': 'X', 'ids': [2], 'tokens':"
            + " ['X']}}` | token 'X' has the id 2, which no token of the vocabulary has",
        "`{'SpecialToken': {'id': 'X', 'type_id': 0}}` | `{'X': {'id': 'X', 'ids': [-1], 'tokens':"
            + " ['X']}}` | token 'X' has the id -1",
        "`{'SpecialToken': {'id': 'X', 'type_id': 0}}` | `{'X': {'id': 'X', 'ids': [0, 1],"
            + " 'tokens': ['X']}}` | token 'X' has 2 ids and 1 tokens",
        "`{'Sequence': {'id': 'B', 'type_id': 0}}` | {} | template for one text names a second",
        "`{'Sequence': {'id': 'A', 'type_id': 0}}` | {} | template for one text names a second",
      })
  void refusesTemplatesOfWhatIsNotThere(String piece, String tokens, String message) {
    String template =
        """
        'post_processor': {'type': 'Sequence', 'processors': [{'type': 'TemplateProcessing',
          'single': [%s, {'Sequence': {'id': 'A', 'type_id': 0}}], 'pair': [], 'special_tokens': %s}]}
        """
            .formatted(piece, tokens);
    assertRefused(file(template.replace('\'', '"')), message);
  }

  @Test
  void refusesProcessorsWithTokensThatAreNotThere() {
    for (String type : List.of("BertProcessing", "RobertaProcessing")) {
      String json =
          file(
              "\"post_processor\": {\"type\": \"%s\", \"sep\": [\"s\", 1], \"cls\": [\"c\", 7]}"
                  .formatted(type));
      assertRefused(json, "token 'c' has the id 7, which no token of the vocabulary has");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pre_tokenizer|{'type': 'Split', 'pattern': {'Regex': '^(a+)+$'}}",
        "pre_tokenizer|{'type': 'Sequence', 'pretokenizers': [{'type': 'Split', 'pattern':"
            + " {'Regex': '^(a+)+$'}}]}",
        "normalizer|{'type': 'Replace', 'pattern': {'Regex': '^(a+)+$'}, 'content': ''}",
        "normalizer|{'type': 'Sequence', 'normalizers': [{'type': 'Sequence', 'normalizers':"
            + " [{'type': 'Replace', 'pattern': {'Regex': '^(a+)+$'}, 'content': ''}]}]}",
        "decoder|{'type': 'Sequence', 'decoders': [{'type': 'Replace', 'pattern': {'Regex':"
            + " '^(a+)+$'}, 'content': ''}]}",
      })
  void looksAtEveryExpression(String member, String value) {
    assertRefused(
        file("\"%s\": %s".formatted(member, value.replace('\'', '"'))),
        "the regular expression '^(a+)+$' of its " + member + ": it repeats what can match");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pre_tokenizer|{'type': 'Spilt'}|pre_tokenizer is of type 'Spilt', which is not known; did"
            + " you mean 'Split'?",
        "normalizer|{'type': 'Nope'}|normalizer is of type 'Nope', which is not known",
        "decoder|{'content': 'a', 'start': 1, 'stop': 2}|decoder has no type",
        "decoder|{'type': 'Strip', 'content': 'a', 'start': 1, 'stop': 2}|Strip decoder strips ends"
            + " (stop 2)",
        "normalizer|{'type': 'Replace', 'pattern': {'String': 'ab'}, 'content': '%s'}|make a text"
            + " more than 64 times as long",
        "normalizer|{'type': 'Replace', 'pattern': {'String': ''}, 'content': 'x'}|replaces what"
            + " may be nothing, {\"String\":\"\"}, which the tokenizers library loses its place",
        "normalizer|{'type': 'Replace', 'pattern': {'Regex': 'b*'}, 'content': 'x'}|replaces what"
            + " may be nothing, {\"Regex\":\"b*\"}",
        "normalizer|{'type': 'Replace', 'content': 'x'}|a pattern of its normalizer is missing",
        "normalizer|{'type': 'Precompiled', 'precompiled_charsmap': null}|Precompiled normalizer"
            + " has no map",
        "added_tokens|[{'id': 4294967295, 'content': 'x'}]|a token has the id 4294967295",
      })
  void refusesPartsThatFail(String member, String value, String message) {
    String json =
        file("\"%s\": %s".formatted(member, value.replace('\'', '"').formatted("x".repeat(130))));
    assertRefused(json, message);
  }

  @Test
  void refusesMergesWithoutTheirPrefix() {
    for (String merges : List.of("[\"a b\"]", "[[\"a\", \"b\"]]")) {
      String model =
          "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"b\": 1, \"ab\": 2}, \"merges\":"
              + " %s, \"continuing_subword_prefix\": \"##\"}}";
      assertRefused(
          model.formatted(merges),
          "it merges with 'b', which lacks the continuing_subword_prefix '##'");
    }
  }

  @Test
  void refusesMapsThatLeadAstray() {
    assertRefused(mapFile(new int[0], ""), "its trie is cut off");
    assertRefused(mapFile(new int[] {1 << 10}, ""), "its trie leads out of itself");
    assertRefused(mapFile(trie(9), "ab\0"), "its trie leads out of its texts");
    assertRefused(mapFile(trie(1), "é\0"), "its trie leads out of its texts");
    assertThat(textLimit(mapFile(trie(2), "ab\0"))).isEqualTo(TokenizerCheck.MOST_CHARS);
    String overlong = Base64.getEncoder().encodeToString(new byte[] {-1, -1, -1, -1, 0, 0, 0, 0});
    assertRefused(mapFile(overlong), "its trie is cut off");
  }

  /** A trie with the one key "a", whose leaf points to a text. */
  private static int[] trie(int text) {
    int[] units = new int[512];
    units[0] = 256 << 10;
    units[256 ^ 'a'] = 'a' | 1 << 8 | ('a' ^ 1) << 10;
    units[256 ^ 1] = text;
    return units;
  }

  private static String mapFile(int[] units, String texts) {
    byte[] utf8 = texts.getBytes(StandardCharsets.UTF_8);
    ByteBuffer map =
        ByteBuffer.allocate(4 + 4 * units.length + utf8.length).order(ByteOrder.LITTLE_ENDIAN);
    map.putInt(4 * units.length);
    for (int unit : units) {
      map.putInt(unit);
    }
    return mapFile(Base64.getEncoder().encodeToString(map.put(utf8).array()));
  }

  private static String mapFile(String base64) {
    return file(
        "\"normalizer\": {\"type\": \"Precompiled\", \"precompiled_charsmap\": \"%s\"}"
            .formatted(base64));
  }

  @Test
  void expressionsAndReplacementsMakeTheLimitSmaller() {
    String split = "\"pre_tokenizer\": {\"type\": \"Split\", \"pattern\": {\"Regex\": \"%s\"}}";
    assertThat(textLimit(file(split.formatted("\\\\s+x")))).isEqualTo(TokenizerCheck.MOST_CHARS);
    String many = "a|" + "\\\\s+x|".repeat(18) + "b";
    assertThat(textLimit(file(split.formatted(many)))).isEqualTo(500_000);
    assertThat(
            textLimit(
                file(
                    "\"normalizer\": {\"type\": \"Replace\", \"pattern\": {\"String\": \"a\"},"
                        + " \"content\": \"bbbb\"}")))
        .isEqualTo(TokenizerCheck.MOST_CHARS / 4);
  }

  @Test
  void refusesDecodersThatCannotBeRead() {
    assertRefused(
        file("\"decoder\": {\"type\": \"Fuse\", \"x\": 1e400}"),
        "a number of its decoder is too large");
    String deep = "[".repeat(100) + "]".repeat(100);
    assertRefused(
        file("\"decoder\": {\"type\": \"Fuse\", \"x\": %s}".formatted(deep)),
        "its decoder is nested deeper than 64");
    for (String decoder : List.of("", "null null", "{\"type\": \"Fuse\"} x")) {
      assertThatThrownBy(() -> textLimit(file("\"decoder\": " + decoder)))
          .as(decoder)
          .isInstanceOf(StrataException.class)
          .hasMessageStartingWith("/models/x/tokenizer.json cannot be read: ");
    }
    String surrogate =
        file(
            "\"decoder\": {\"type\": \"Strip\", \"content\": \"\\ud800\", \"start\": 1, \"stop\":"
                + " 0}");
    ModelTokenizer.of(TokenizerJson.parse(surrogate, "/models/x")).close();
  }

  @Test
  void whatIsNoTokenizerCannotBeRead() {
    for (String json :
        List.of(
            "",
            "[]",
            "{\"a\":".repeat(1_000),
            "{\"a\": 1, \"a\": 2}",
            "{} x",
            "{\"a\"",
            "{\"a\": \"")) {
      assertThatThrownBy(() -> textLimit(json))
          .as(json)
          .isInstanceOf(StrataException.class)
          .hasMessageStartingWith("/models/x/tokenizer.json cannot be read: ");
    }
  }

  @Test
  void aTextOverTheLimitIsARowsError() {
    String spaces = " ".repeat(TokenizerCheck.MOST_CHARS + 1);
    try (ModelText text = Checkpoint.of("demo").load()) {
      for (Runnable use :
          List.<Runnable>of(
              () -> text.encode(text.plainPrompt(spaces)),
              () -> text.encodeAll(List.of(text.plainPrompt("a"), text.plainPrompt(spaces))),
              () -> text.tokenEnds(spaces))) {
        assertThatThrownBy(use::run)
            .isInstanceOf(RowException.class)
            .hasMessage(
                "the text has 1,048,577 characters, more than the 1,048,576 that are tokenized at"
                    + " once; split it or cut it");
      }
      assertThat(text.encode(text.plainPrompt(" ".repeat(10_000)))).isNotEmpty();
    }
  }
}
