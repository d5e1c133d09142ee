package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The head, tile by tile, against a sort of all logits. */
class HeadKernelTest extends KernelFixture {

  private static final int HIDDEN = 24;
  private static final int VOCABULARY = 60;

  /** A head's state over its tiles. */
  private final class Head {
    final Matrix x;
    final Matrix w;
    final Tensor best;
    final Tensor tokens;
    final Tensor logits;
    final int logitRows;

    Head(Matrix x, Matrix w, int logitRows) {
      this.x = x;
      this.w = w;
      this.logitRows = logitRows;
      this.best = tensor(Matrix.of(x.rows, 2, (i, j) -> Float.NEGATIVE_INFINITY));
      Tensor zeros = indexes(new long[2 * x.rows]);
      this.tokens = own(kernels.reshape("test", zeros, NumberType.INT64, x.rows, 2));
      this.logits = tensor(Matrix.poison(Math.max(1, logitRows) + 1, w.rows));
    }

    /** All tiles, whose rows are given, in blocks of at most {@code blockRows} rows. */
    void run(List<Integer> tileRows, int blockRows) {
      int firstToken = 0;
      for (int rows : tileRows) {
        Tensor tile = tensor(w.rows(firstToken, firstToken + rows));
        for (int first = 0; first < x.rows; first += blockRows) {
          int n = Math.min(blockRows, x.rows - first);
          kernels.head(tensor(x), first, n, tile, firstToken, best, tokens, logits, logitRows);
        }
        firstToken += rows;
      }
      assertThat(firstToken).isEqualTo(w.rows);
    }

    void check() {
      float[] actual = kernels.toFloats(best);
      long[] actualTokens = kernels.toLongs(tokens);
      for (int row = 0; row < x.rows; row++) {
        int r = row;
        List<Integer> order =
            IntStream.range(0, w.rows)
                .boxed()
                .sorted(Comparator.comparing((Integer token) -> -x.dot(r, w, token)))
                .toList();
        for (int j = 0; j < 2; j++) {
          assertThat(actualTokens[2 * row + j]).as("row %d", row).isEqualTo((long) order.get(j));
          assertThat((double) actual[2 * row + j])
              .isCloseTo(x.dot(row, w, order.get(j)), within(1e-4));
        }
      }
      Matrix.of(logits).assertBlock(0, logitRows, 0, w.rows, 1e-4, (i, j) -> x.dot(i, w, j));
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 100", "3, 100", "9, 100", "0, 4", "3, 4", "5, 2", "9, 1"})
  void theBestTwoAndTheLogitsOfTheFirstRows(int logitRows, int blockRows) {
    for (List<Integer> tiles :
        List.of(
            List.of(VOCABULARY),
            List.of(1, 1, 30, 28),
            List.of(57, 1, 2),
            IntStream.range(0, VOCABULARY).mapToObj(i -> 1).toList())) {
      Head head = new Head(random(9, HIDDEN), random(VOCABULARY, HIDDEN), logitRows);
      head.run(tiles, blockRows);
      head.check();
    }
  }

  /** Tiles so wide that only some of their columns are sorted. */
  @Test
  void theBestTwoOfWideTiles() {
    int vocabulary = 1341;
    for (List<Integer> tiles : List.of(List.of(vocabulary), List.of(640, 701), List.of(641, 700))) {
      Head head = new Head(random(200, HIDDEN), random(vocabulary, HIDDEN), 3);
      head.run(tiles, 100);
      head.check();
    }
  }

  @Test
  void notANumberIsSeenInWideTiles() {
    for (int token : new int[] {0, 400, 699}) {
      Matrix w = random(700, HIDDEN).with(token, 3, Matrix.poison(1, 1));
      Head head = new Head(random(1, HIDDEN), w, 0);
      head.run(List.of(700), 1);
      assertThat(kernels.toFloats(head.best)[0]).isNaN();
      assertThat(kernels.toLongs(head.tokens)[0]).isEqualTo(token);
    }
  }

  @Test
  void equalLogitsInDifferentTilesAreBothKept() {
    Matrix x = random(1, HIDDEN);
    Matrix w = Matrix.of(6, HIDDEN, (i, j) -> i == 1 || i == 4 ? x.at(0, j) : -x.at(0, j));
    Head head = new Head(x, w, 0);
    head.run(List.of(3, 3), 1);
    float[] best = kernels.toFloats(head.best);
    assertThat(best[0]).isEqualTo(best[1]);
    assertThat(Arrays.stream(kernels.toLongs(head.tokens))).containsExactlyInAnyOrder(1L, 4L);
  }

  @Test
  void aRowsLogitsDoNotDependOnHowManyGoWithIt() {
    Matrix x = random(40, HIDDEN);
    Matrix w = random(VOCABULARY, HIDDEN);
    Head together = new Head(x, w, 40);
    together.run(List.of(VOCABULARY), 40);
    for (int blockRows : new int[] {1, 2, 3, 5, 7, 16, 17}) {
      Head apart = new Head(x, w, 40);
      apart.run(List.of(VOCABULARY), blockRows);
      assertThat(Matrix.of(apart.logits).rows(0, 40).values)
          .as("blocks of %d rows", blockRows)
          .containsExactly(Matrix.of(together.logits).rows(0, 40).values);
    }
  }

  @Test
  void notANumberIsSeen() {
    Matrix x = random(2, HIDDEN).with(1, 3, Matrix.poison(1, 1));
    Head head = new Head(x, random(VOCABULARY, HIDDEN), 0);
    head.run(List.of(20, 40), 2);
    float[] best = kernels.toFloats(head.best);
    assertThat(best[0]).isFinite();
    assertThat(best[2]).isNaN();
  }
}
