package dev.strata.udfs.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.RowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Texts of rows that normalizers make much longer, so that native code would get too much. */
class TextLimitsTest {

  private static final int MOST = 2 * TokenizerCheck.MOST_CHARS;

  private static TextLimits limits(String normalizer, String preTokenizer) {
    String json =
        """
        {"version": "1.0", "normalizer": %s, "pre_tokenizer": %s,
         "model": {"type": "WordLevel", "vocab": {"u": 0}, "unk_token": "u"}}
        """;
    return TokenizerCheck.limits(
        TokenizerJson.parse(json.formatted(normalizer, preTokenizer), "/models/x"));
  }

  private static TextLimits normalizer(String json) {
    return limits(json.replace('\'', '"'), "null");
  }

  /** The most repetitions of a text, of which each becomes so many characters. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'type': 'NFKC'} | \uFDFA | 18",
        "{'type': 'NFKD'} | \uFDFA | 18",
        "{'type': 'NFD'} | \u1F82 | 4",
        "{'type': 'NFC'} | \uFB2C | 3",
        "{'type': 'ByteLevel'} | 中 | 3",
        "{'type': 'BertNormalizer'} | 中 | 3",
        "{'type': 'BertNormalizer'} | \u1F82 | 4",
        "{'type': 'Sequence', 'normalizers': [{'type': 'NFKC'}, {'type': 'ByteLevel'}]} | \uFDFA |"
            + " 33",
        "{'type': 'Sequence', 'normalizers': [{'type': 'Strip'}, {'type': 'Sequence',"
            + " 'normalizers': [{'type': 'NFKC'}]}, {'type': 'Nmt'}]} | \uFDFA | 18",
        "{'type': 'Sequence', 'normalizers': [{'type': 'NFKC'}, {'type': 'Replace', 'pattern':"
            + " {'Regex': '\\\\s'}, 'content': '__'}]} | \uFDFA | 36",
      })
  void whatBecomesTooLongIsTheRowsError(String normalizer, String text, int made) {
    TextLimits limits = normalizer(normalizer);
    String longest = text.repeat(Math.min(limits.chars(), MOST / made));
    assertThatCode(() -> limits.require(longest)).doesNotThrowAnyException();
    String tooLong = text.repeat(MOST / made + 1);
    if (tooLong.length() <= limits.chars()) {
      assertThatThrownBy(() -> limits.require(tooLong))
          .isInstanceOf(RowException.class)
          .hasMessageMatching(
              "the tokenizer's normalizer may make [\\d,]+ characters of the text, more than the"
                  + " 2,097,152 that are tokenized at once; split it or cut it");
    }
  }

  /** Long texts of people are none of them, whatever the normalizer might do to others. */
  @ParameterizedTest
  @CsvSource({
    "NFC,한",
    "NFKC,中",
    "NFD,a",
    "NFKC,ａ",
    "BertNormalizer,a",
    "Lowercase,İ",
    "StripAccents,é"
  })
  void whatStaysAsLongIsTaken(String type, String text) {
    TextLimits limits = normalizer("{'type': '" + type + "'}");
    assertThat(limits.chars()).isEqualTo(TokenizerCheck.MOST_CHARS);
    String longest = text.repeat(TokenizerCheck.MOST_CHARS);
    assertThatCode(() -> limits.require(longest)).doesNotThrowAnyException();
  }

  @Test
  void aPrefixCountsForEachPieceBetweenTokens() {
    TextLimits llama = normalizer("{'type': 'Prepend', 'prepend': '▁'}");
    llama.require("a".repeat(TokenizerCheck.MOST_CHARS));
    TextLimits long9 = normalizer("{'type': 'Prepend', 'prepend': '123456789'}");
    long9.require("a".repeat(MOST / 11 * 2 - 4));
    assertThatThrownBy(() -> long9.require("a".repeat(MOST / 11 * 2 + 4)))
        .isInstanceOf(RowException.class)
        .hasMessageStartingWith("the tokenizer's normalizer may make ");
  }

  /** The map of the one key "a", whose text has 30 characters. */
  @Test
  void aMapsLongestTextCounts() {
    int[] units = new int[512];
    units[0] = 256 << 10;
    units[256 ^ 'a'] = 'a' | 1 << 8 | ('a' ^ 1) << 10;
    units[256 ^ 1] = 2;
    byte[] texts = ("b\0" + "é".repeat(28) + "😀\0").getBytes(StandardCharsets.UTF_8);
    ByteBuffer map =
        ByteBuffer.allocate(4 + 4 * units.length + texts.length).order(ByteOrder.LITTLE_ENDIAN);
    map.putInt(4 * units.length);
    for (int unit : units) {
      map.putInt(unit);
    }
    String base64 = Base64.getEncoder().encodeToString(map.put(texts).array());
    PrecompiledMap read = PrecompiledMap.of(base64);
    assertThat(read.mostGrowth()).isEqualTo(30);
    assertThat(read.mostLength("ab😀a\0")).isEqualTo(64);
    TextLimits limits =
        normalizer("{'type': 'Precompiled', 'precompiled_charsmap': '" + base64 + "'}");
    limits.require("b".repeat(TokenizerCheck.MOST_CHARS - 1_000) + "a".repeat(1_000));
    limits.require("a".repeat(MOST / 30));
    assertThatThrownBy(() -> limits.require("a".repeat(MOST / 30 + 1)))
        .isInstanceOf(RowException.class)
        .hasMessageStartingWith("the tokenizer's normalizer may make 2,097,180 characters");
  }

  /** Runs are what an expression gets to see, not what the row has. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'type': 'Replace', 'pattern': {'String': 'a'}, 'content': ' '} | a | 16384",
        "{'type': 'Replace', 'pattern': {'String': 'a'}, 'content': '    '} | a | 4096",
        "{'type': 'Replace', 'pattern': {'Regex': '[ab]'}, 'content': ' '} | ab | 8192",
        "{'type': 'NFKC'} | \u3000 | 16384",
      })
  void runsAreThoseOfTheNormalizedText(String normalizer, String text, int most) {
    TextLimits limits =
        limits(
            normalizer.replace('\'', '"'),
            "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"\\\\s+$\"}, \"behavior\":"
                + " \"Isolated\", \"invert\": false}");
    limits.require(text.repeat(most));
    assertThatThrownBy(() -> limits.require(text.repeat(most + 1)))
        .isInstanceOf(RowException.class)
        .hasMessageContaining("characters in a row that the tokenizer's expression '\\s+$'");
  }
}
