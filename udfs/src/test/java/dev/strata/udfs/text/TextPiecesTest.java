package dev.strata.udfs.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.text.TextPieces.Piece;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextPiecesTest {

  private static ModelText demo;

  @BeforeAll
  static void load() {
    demo = Checkpoint.of("demo").load();
  }

  @AfterAll
  static void close() {
    demo.close();
  }

  /** Words, words without spaces, characters of several tokens and of two chars, one alone. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "The cat and the dog went to the river, where the water was cold. ",
        "supercalifragilisticexpialidocious",
        "\ud83d\ude00\ud83c\udf0d\u00e9\u4e2d\u6587",
        "a \ud83d b",
        "      \n\t",
      })
  void areTheTextAndHaveSoManyTokensAtMost(String text) {
    String all = text.repeat(20);
    for (int most : new int[] {1, 2, 7, 50, 10_000}) {
      List<Piece> pieces = TextPieces.of(demo, all, most);
      assertThat(pieces.stream().map(Piece::text).collect(Collectors.joining())).isEqualTo(all);
      assertThat(pieces)
          .allSatisfy(piece -> assertThat(piece.text()).isNotEmpty())
          .allSatisfy(
              piece ->
                  assertThat(piece.tokens())
                      .as("%s", piece)
                      .isLessThanOrEqualTo(Math.max(most, tokensOfOneCharacter(piece.text()))));
    }
  }

  /** What no piece can be shorter than: a character, which may have more tokens than allowed. */
  private static int tokensOfOneCharacter(String piece) {
    return piece.codePointCount(0, piece.length()) == 1 ? demo.tokenEnds(piece).length : 0;
  }

  @Test
  void endBehindASpaceWhereOneIsNear() {
    List<Piece> pieces =
        TextPieces.of(demo, "one two three four five six seven eight ".repeat(3), 9);
    assertThat(pieces).hasSizeGreaterThan(2);
    assertThat(pieces.subList(0, pieces.size() - 1))
        .allSatisfy(piece -> assertThat(piece.text()).endsWith(" "));
  }

  @Test
  void aTextThatFitsIsOnePiece() {
    String text = "The cat and the dog.";
    int tokens = demo.tokenEnds(text).length;
    assertThat(TextPieces.of(demo, text, tokens)).containsExactly(new Piece(text, tokens));
    assertThat(TextPieces.of(demo, text, tokens - 1)).hasSizeGreaterThan(1);
    assertThat(TextPieces.of(demo, "", 5)).isEmpty();
  }
}
