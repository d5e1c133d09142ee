package dev.strata.udfs.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.RowException;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RescannedRunsTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\\s+$",
        "\\s+x",
        "a+b",
        "a*b|c",
        "\\s++$",
        ".*x",
        "[^\\n]*\\n",
        "a(?=a*b)",
        "(?:ab|a)+c",
        "\\p{Han}+x",
        "\\d+,|x",
        "(?<=a)a*b",
        "\\s{3,}x|\\s"
      })
  void findsRunsThatAreLookedAtAgain(String expression) {
    assertThat(runs(expression)).as(expression).isNotEmpty();
  }

  /** Of Llama 3, GPT-2, GPT-4, GPT-4o and DeepSeek, and simple ones. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+"
            + "[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
        "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+| ?[^\\s\\p{L}\\p{N}]++"
            + "[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s",
        "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+"
            + "(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+"
            + "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}"
            + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
            + "| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "\\d+|\\D+",
        " {2,}",
        "\\w+|[^\\w\\s]+",
        "\\p{Han}+"
      })
  void takesWhatComesThroughOnce(String expression) {
    assertThat(runs(expression)).as(expression).isEmpty();
  }

  /** What Java does not read is taken to do so. */
  @Test
  void whatCannotBeTriedCounts() {
    assertThat(RescannedRuns.of("a(", List.of(CharacterSets.of('a')))).hasSize(1);
  }

  @Test
  void lengthsOfRuns() {
    BitSet letters = CharacterSets.words();
    assertThat(RescannedRuns.longest("", letters)).isZero();
    assertThat(
            RescannedRuns.longest(
                "ab cde \ud835\udd38\ud835\udd39\ud835\udd3a\ud835\udd3b", letters))
        .isEqualTo(4);
  }

  @Test
  void aRowWithSuchARunIsRefused() {
    String split =
        """
        {"pre_tokenizer": {"type": "Split", "behavior": "Isolated", "invert": false,
          "pattern": {"Regex": "\\\\s+$"}},
         "model": {"type": "WordLevel", "vocab": {"a": 0, "u": 1}, "unk_token": "u"}}
        """;
    try (ModelTokenizer tokenizer = ModelTokenizer.of(TokenizerJson.parse(split, "/models/x"))) {
      String longest = " ".repeat(RescannedRuns.MOST_CHARS) + "a";
      assertThat(tokenizer.encode(longest + longest, false)).isNotEmpty();
      assertThatThrownBy(() -> tokenizer.encode(" " + longest, false))
          .isInstanceOf(RowException.class)
          .hasMessage(
              "the text has 16,385 characters in a row that the tokenizer's expression '\\s+$'"
                  + " searches again from each of them, more than the 16,384 that it has time for;"
                  + " cut them");
    }
  }

  private static List<BitSet> runs(String expression) {
    return RescannedRuns.of(expression, RegexCost.of(expression).loopSets());
  }
}
