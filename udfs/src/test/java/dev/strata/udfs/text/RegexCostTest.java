package dev.strata.udfs.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegexCostTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "^(a+)+$",
        "(a+)+",
        "(a*)*b",
        "(?:a*)+b",
        "(a|a)*b",
        "(a|ab|b)*c",
        "(?i:a|A)*b",
        "(\\w|\\d)+!",
        "([a-z]+)*!",
        "([a-c]|[c-e])*!",
        "(?:\\p{L}+\\s*)+!",
        "(\\s*x?)*!",
        "(a*b*)*c",
        "(x+x+)+y",
        "(.*)*x",
        "(a{1,}){1,}b",
        "(a{1,3})*b",
        "(\\d{1,9})+x",
        "(a|b|[^c])*c",
        "(?<word>a+)+$",
        "(?>(a+)+)b",
        "(?=(a+)+b)a",
        "(?<!(a|a)*b)a",
        "((a|b+)*|c)*d",
        "(a?){60}a{60}",
        "((a?){8}){8}!",
        "(?:(?:ab)+)+c",
        "(a(x?)?)*b",
        "(?x) ( a + ) + # two\n $",
        "(?i)(a|A)*b",
        "([[:alpha:]]|\\p{Lu})*1",
        "([\\p{L}&&[^a]]|b)*1",
        "(é|\\x{e9})*1",
        "(\\u00e9|\\xe9)*1",
      })
  void refusesWhatTakesTimeWithoutEnd(String expression) {
    assertThatThrownBy(() -> RegexCost.of(expression))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching(
            "(?s)it repeats (what can match|a part that may be empty).*|its optional.*");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\\s*\\s*x",
        "a+b?a+c",
        ".*,.*;",
        "(?:ab)*(?:ab)*c",
        "\\s+[\\r\\n ]*$",
        "a{0,99}a{0,99}b"
      })
  void refusesRepeatsOfTheSameTextInARow(String expression) {
    assertThatThrownBy(() -> RegexCost.of(expression))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("it repeats the same text twice in a row, '");
  }

  @Test
  void refusesManyOptionalPartsInARow() {
    for (String part : new String[] {"a?", "(?:ab)?", "[ab]?", "(?:a|)"}) {
      String expression = part.repeat(60) + "(?:ab){3}!";
      assertThatThrownBy(() -> RegexCost.of(expression))
          .as(part)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("its optional parts can match the same text in so many ways");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '§',
      value = {
        "(a)\\1§it uses '\\1'",
        "(?<n>a)\\k<n>§it uses '\\k'",
        "(?<n>a\\g<n>?b)§it uses '\\g'",
        "(?~abc)§it uses '(?~'",
        "(?(1)a|b)§it uses '(?('",
        "(*FAIL)§it uses '(*F'",
        "(a§it has a '(' without its ')'",
        "a)§it has a ')' without its '('",
        "[a§it ends in the middle of a part",
        "a\\§it ends in the middle of a part",
      })
  void refusesWhatCannotBeJudged(String expression, String message) {
    assertThatThrownBy(() -> RegexCost.of(expression))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void refusesWhatIsTooLarge() {
    assertThatThrownBy(() -> RegexCost.of("(".repeat(5_000) + "a" + ")".repeat(5_000)))
        .hasMessage("its groups are nested deeper than 100");
    assertThatThrownBy(() -> RegexCost.of("[".repeat(5_000) + "a" + "]".repeat(5_000)))
        .hasMessage("its classes are nested deeper than 100");
    assertThatThrownBy(() -> RegexCost.of("a".repeat(70_000)))
        .hasMessage("it has 70000 characters, more than 65536");
    assertThatThrownBy(() -> RegexCost.of("(" + "a?".repeat(3_000) + ")*"))
        .hasMessage("it is too large to be judged");
  }

  /** Expressions of published tokenizers: none of them may be refused. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '§',
      quoteCharacter = '`',
      value = {
        // Llama 3, Qwen 2 and 3, GLM 4, DeepSeek V3, GPT-4o and gpt-oss, GPT-2, CLIP, Bloom
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r"
            + "\\n"
            + "\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r"
            + "\\n"
            + "]*|\\s*[\\r"
            + "\\n"
            + "]+|\\s+(?!\\S)|\\s+§2",
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r"
            + "\\n"
            + "\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r"
            + "\\n"
            + "]*|\\s*[\\r"
            + "\\n"
            + "]+|\\s+(?!\\S)|\\s+§2",
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r"
            + "\\n"
            + "\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r"
            + "\\n"
            + "]*|\\s*[\\r"
            + "\\n"
            + "]+|\\s+(?!\\S)|\\s+§2",
        "\\p{N}{1,3}§0",
        "[一-龥\u3040-ゟ゠-ヿ]+§0",
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r"
            + "\\n"
            + "\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r"
            + "\\n"
            + "]*|\\s*[\\r"
            + "\\n"
            + "]+|\\s+(?!\\S)|\\s+§2",
        "[^\\r"
            + "\\n"
            + "\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r"
            + "\\n"
            + "\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}|"
            + " ?[^\\s\\p{L}\\p{N}]+[\\r"
            + "\\n"
            + "/]*|\\s*[\\r"
            + "\\n"
            + "]+|\\s+(?!\\S)|\\s+§3",
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+§1",
        "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+§0",
        " ?[^(\\s|[.,!?…。，、।۔،])]+§0",
        // Kimi, with intersections; EXAONE, with a loop in a loop that never disagree; cl100k
        "[\\p{Han}]+|[^\\r"
            + "\\n"
            + "\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{Han}]]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}|"
            + " ?[^\\s\\p{L}\\p{N}]+[\\r"
            + "\\n"
            + "]*|\\s*[\\r"
            + "\\n"
            + "]+|\\s+(?!\\S)|\\s+§3",
        "(?i:'s|'t)|[^\\r"
            + "\\n"
            + "\\p{L}\\p{N}]?(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r"
            + "\\n"
            + "/]?|\\s*[\\r"
            + "\\n"
            + "]|\\s+(?!\\S)|\\s+§2",
        "'(?i:[sdmt]|ll|ve|re)|[^\\r"
            + "\\n"
            + "\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+| ?[^\\s\\p{L}\\p{N}]++[\\r"
            + "\\n"
            + "]*+|\\s++$|\\s*[\\r"
            + "\\n"
            + "]|\\s+(?!\\S)|\\s§3",
        "[^\\r\\n\\p{L}\\p{N}]?((?=[\\p{L}])([^a-z]))*((?=[\\p{L}])([^A-Z]))+(?i:'s)?|\\s+§1",
        "[0-9][0-9][0-9]§0",
        "\\d+|\\D+§0",
        " {2,}§0",
        "\\s+$§1",
      })
  void takesThoseOfRealTokenizers(String expression, int loops) {
    assertThat(RegexCost.of(expression).backtrackingLoops()).isEqualTo(loops);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(ab|cd)*e",
        "(a|b)*c",
        "(a+b)*c",
        "(?:a+,)+x",
        "a{3,5}b",
        "(a|b){1,4}c",
        "a*+b",
        "\\R+x",
        "[]a]+b",
        "[^]]+b",
        "[a-]+b",
        "a{,3}b",
        "a{b",
        "x{}",
        "(?#(a+)a",
        "[[:^space:]]+ ",
        "\\h+z",
        "\\p{^L}+a",
        "\\P{L}+a",
        "\\p{Nonesuch}+",
        "[\\w&&[^\\d]]+1",
        "\\Aa\\z",
        "(?-i)a",
        "\\x41\\101"
      })
  void takesWhatHasOneWay(String expression) {
    assertThatCode(() -> RegexCost.of(expression)).as(expression).doesNotThrowAnyException();
  }

  @Test
  void tellsWhatMatchesNothing() {
    assertThat(RegexCost.of("a*").matchesEmpty()).isTrue();
    assertThat(RegexCost.of("a|").matchesEmpty()).isTrue();
    assertThat(RegexCost.of("a{0,2}$").matchesEmpty()).isTrue();
    assertThat(RegexCost.of("a+").matchesEmpty()).isFalse();
  }
}
