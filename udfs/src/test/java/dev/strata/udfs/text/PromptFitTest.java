package dev.strata.udfs.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.RowException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PromptFitTest {

  private static final String INSTRUCTION = "Summarize the following text in one line.\n\n";

  private static ModelText text;

  private final List<String> seen = new ArrayList<>();

  @BeforeAll
  static void load() {
    text = Checkpoint.of("demo").load();
  }

  @AfterAll
  static void close() {
    text.close();
  }

  @Test
  void whatFitsStaysWhole() {
    String own = "A library for reading images.";
    int[] whole = prompt(UnaryOperator.identity(), own);
    assertThat(PromptFit.tokens(text, whole.length, cut -> prompt(cut, own))).isEqualTo(whole);
    assertThat(last()).isEqualTo(INSTRUCTION + own);
  }

  @ParameterizedTest
  @ValueSource(ints = {40, 41, 100, 900})
  void theEndOfTheTextIsCut(int limit) {
    String own = "Every word of this text is one that a reader knows. ".repeat(400);
    int[] tokens = PromptFit.tokens(text, limit, cut -> prompt(cut, own));
    assertThat(tokens.length).isBetween(limit - 2, limit);
    assertThat(own).startsWith(last().substring(INSTRUCTION.length()));
    assertThat(text.decode(tokens)).endsWith("\n");
    assertThat(tokens).endsWith(header());
  }

  /** The template's last tokens, which ask for the answer. */
  private static int[] header() {
    int[] tokens = text.encode(List.of(new Message("user", "x")));
    return new int[] {tokens[tokens.length - 2], tokens[tokens.length - 1]};
  }

  @ParameterizedTest
  @ValueSource(ints = {40, 41, 42, 43, 44, 45})
  void charactersAreNotTorn(int limit) {
    String own = "👩‍🚀🇫🇷 é 漢字 ".repeat(50);
    PromptFit.tokens(text, limit, cut -> prompt(cut, own));
    String left = last().substring(INSTRUCTION.length());
    assertThat(own).startsWith(left);
    assertThat(left.isEmpty() || !Character.isHighSurrogate(left.charAt(left.length() - 1)))
        .isTrue();
  }

  @Test
  void theLongestTextIsCutFirst() {
    String title = "A short title";
    String own = "many words ".repeat(500);
    int[] tokens = PromptFit.tokens(text, 60, cut -> prompt(cut, title, own));
    assertThat(tokens.length).isBetween(57, 60);
    assertThat(last()).startsWith(INSTRUCTION + title + "many words");
  }

  @Test
  void aMegabyte() {
    String own = "0123456789abcde ".repeat(1 << 16);
    assertThat(PromptFit.tokens(text, 900, cut -> prompt(cut, own)).length).isBetween(898, 900);
  }

  @Test
  void noRoomAtAll() {
    for (int limit : new int[] {-5, 0, 5}) {
      assertThatThrownBy(
              () -> PromptFit.tokens(text, limit, cut -> prompt(cut, "word ".repeat(99))))
          .isInstanceOf(RowException.class)
          .hasMessage(
              "the prompt cannot be cut to %d tokens, which is what the new tokens leave of the"
                  + " model's context",
              limit);
    }
  }

  private int[] prompt(UnaryOperator<String> cut, String... own) {
    StringBuilder content = new StringBuilder(INSTRUCTION);
    for (String value : own) {
      content.append(cut.apply(value));
    }
    seen.add(content.toString());
    return text.encode(List.of(new Message("user", content.toString())));
  }

  private String last() {
    return seen.get(seen.size() - 1);
  }
}
