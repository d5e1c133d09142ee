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
    final NumberType type;
    LogitKernels.Targets targets = kernels.logits().noTargets();
    LogitKernels.LogitScaling scaling = LogitKernels.LogitScaling.NONE;

    Head(Matrix x, Matrix w, int logitRows) {
      this(x, w, logitRows, NumberType.FLOAT32);
    }

    Head(Matrix x, Matrix w, int logitRows, NumberType type) {
      this.type = type;
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
        Tensor tile = typed(w.rows(firstToken, firstToken + rows));
        for (int first = 0; first < x.rows; first += blockRows) {
          int n = Math.min(blockRows, x.rows - first);
          kernels
              .logits()
              .head(
                  typed(x),
                  first,
                  n,
                  tile,
                  firstToken,
                  best,
                  tokens,
                  logits,
                  logitRows,
                  scaling,
                  targets);
        }
        firstToken += rows;
      }
      assertThat(firstToken).isEqualTo(w.rows);
    }

    private Tensor typed(Matrix matrix) {
      return own(kernels.reshape("test", tensor(matrix), type, matrix.rows, matrix.columns));
    }

    /** Of equal logits, as they came out, the lowest token comes first. */
    void checkOrder() {
      assertThat(logitRows).isEqualTo(x.rows);
      Matrix out = Matrix.of(logits);
      float[] actual = kernels.toFloats(best);
      long[] actualTokens = kernels.toLongs(tokens);
      for (int row = 0; row < x.rows; row++) {
        int r = row;
        List<Integer> order =
            IntStream.range(0, w.rows)
                .boxed()
                .sorted(Comparator.comparing((Integer token) -> -out.at(r, token)))
                .toList();
        for (int j = 0; j < Math.min(2, w.rows); j++) {
          assertThat(actualTokens[2 * row + j]).as("row %d", row).isEqualTo((long) order.get(j));
          assertThat(actual[2 * row + j]).isEqualTo(out.at(row, order.get(j)));
        }
      }
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

  private Tensor least(int count) {
    float[] values = new float[count];
    Arrays.fill(values, Float.NEGATIVE_INFINITY);
    return own(device.floats(values));
  }

  /** Rows 2, 3 and 4 have sums; of row 3 no token is wanted. */
  @ParameterizedTest
  @CsvSource({"100", "4", "3", "1"})
  void sumsOfExponentialsAndLogitsOfGivenTokens(int blockRows) {
    Matrix x = Matrix.of(9, HIDDEN, (i, j) -> Math.sin(7 * i + j));
    Matrix w = Matrix.of(VOCABULARY, HIDDEN, (i, j) -> Math.cos(3 * i * j + i));
    long[] rows = {2, 2, 2, 4, 4};
    long[] tokens = {0, VOCABULARY - 1, 31, 31, 30};
    for (List<Integer> tiles :
        List.of(List.of(VOCABULARY), List.of(1, 1, 29, 29), List.of(31, 28, 1))) {
      Head head = new Head(x, w, 1);
      head.targets =
          new LogitKernels.Targets(2, least(3), indexes(rows), indexes(tokens), least(rows.length));
      head.run(tiles, blockRows);
      float[] sums = kernels.toFloats(head.targets.sums());
      for (int i = 0; i < sums.length; i++) {
        int row = 2 + i;
        double sum = IntStream.range(0, w.rows).mapToDouble(j -> Math.exp(x.dot(row, w, j))).sum();
        assertThat((double) sums[i]).isCloseTo(Math.log(sum), within(1e-4));
      }
      float[] found = kernels.toFloats(head.targets.found());
      for (int i = 0; i < found.length; i++) {
        assertThat((double) found[i])
            .isCloseTo(x.dot((int) rows[i], w, (int) tokens[i]), within(1e-4));
      }
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

  /** Small whole numbers, whose products are exact in every type. */
  private Matrix whole(int rows, int levels) {
    return Matrix.of(rows, HIDDEN, (i, j) -> j < 2 ? random.nextInt(levels) - levels / 2 : 0);
  }

  /** Ties within a tile, across tiles, in runs of 128 columns and behind them, for both places. */
  @ParameterizedTest
  @CsvSource({
    "FLOAT32, 2",
    "FLOAT32, 3",
    "FLOAT32, 9",
    "BFLOAT16, 2",
    "BFLOAT16, 3",
    "BFLOAT16, 9"
  })
  void ofEqualLogitsTheLowestTokensAreTheBest(NumberType type, int levels) {
    for (List<Integer> tiles :
        List.of(
            List.of(1),
            List.of(2),
            List.of(1, 1),
            List.of(1, 1, 1),
            List.of(60),
            List.of(20, 30, 10),
            List.of(640),
            List.of(1341),
            List.of(1341, 7, 700),
            List.of(64, 640, 641, 1, 1280))) {
      int vocabulary = tiles.stream().mapToInt(Integer::intValue).sum();
      Head head = new Head(whole(20, 5), whole(vocabulary, levels), 20, type);
      head.run(tiles, 7);
      head.checkOrder();
    }
  }

  private Matrix coarse(int rows) {
    Matrix fine = random(rows, HIDDEN);
    return fine.map((i, j) -> Math.rint(2 * fine.at(i, j)) / 2);
  }

  /** Where numbers are coarse, many are equal. */
  @Test
  void ofEqualLogitsInBfloat16TheLowestTokensAreTheBest() {
    Head head = new Head(coarse(40), coarse(5000), 40, NumberType.BFLOAT16);
    head.run(List.of(1000, 3000, 200, 800), 40);
    head.checkOrder();
    float[] best = kernels.toFloats(head.best);
    assertThat(IntStream.range(0, 40).filter(row -> best[2 * row] == best[2 * row + 1]).count())
        .as("rows with equal bests")
        .isPositive();
  }

  /** Each place is tried: alone at the top, and at the top beside a later or an earlier one. */
  @Test
  void everyColumnMayBeTheFirstOrTheSecond() {
    int vocabulary = 1341;
    Matrix x = Matrix.of(1, HIDDEN, (i, j) -> j == 0 ? 1 : 0);
    for (int distance : new int[] {1, 127, 128, 129, 640}) {
      for (int token = 0; token + distance < vocabulary; token += 61) {
        int low = token;
        int high = token + distance;
        Matrix w =
            Matrix.of(vocabulary, HIDDEN, (i, j) -> j == 0 && (i == low || i == high) ? 1 : 0);
        Head head = new Head(x, w, 1);
        head.run(List.of(vocabulary), 1);
        assertThat(kernels.toLongs(head.tokens)).containsExactly(low, high);
        assertThat(kernels.toFloats(head.best)).containsExactly(1, 1);
      }
    }
  }

  /** A zero with a sign is no less than one without. */
  @Test
  void zerosAreEqualWhateverTheirSign() {
    Matrix x = Matrix.of(1, HIDDEN, (i, j) -> j == 0 ? 1 : 0);
    Matrix w = Matrix.of(3, HIDDEN, (i, j) -> j == 0 ? (i == 0 ? -1 : i == 1 ? -0.0 : 0.0) : -0.0);
    Head head = new Head(x, w, 1);
    head.run(List.of(3), 1);
    assertThat(kernels.toLongs(head.tokens)).containsExactly(1, 2);
  }

  /** Where all others are impossible, the second is as well, and not the first once more. */
  @ParameterizedTest
  @CsvSource({"0", "1", "639", "640", "700"})
  void aTokenThatIsAloneIsFarAhead(int token) {
    Matrix x = Matrix.of(1, HIDDEN, (i, j) -> j == 0 ? 1 : 0);
    Matrix w =
        Matrix.of(701, HIDDEN, (i, j) -> j > 0 ? 0 : i == token ? -3 : Float.NEGATIVE_INFINITY);
    Head head = new Head(x, w, 1);
    head.run(List.of(701), 1);
    assertThat(kernels.toFloats(head.best)).containsExactly(-3, Float.NEGATIVE_INFINITY);
    assertThat(kernels.toLongs(head.tokens)[0]).isEqualTo(token);
  }

  @Test
  void aVocabularyOfOneTokenHasNoSecond() {
    Head head = new Head(random(3, HIDDEN), random(1, HIDDEN), 3);
    head.run(List.of(1), 2);
    head.checkOrder();
    assertThat(kernels.toFloats(head.best)[1]).isEqualTo(Float.NEGATIVE_INFINITY);
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

  @ParameterizedTest
  @CsvSource({"0.25, 0, 100", "1, 2, 100", "0.5, 3, 2"})
  void logitsMayBeScaledAndCapped(double scale, double softCap, int blockRows) {
    Matrix x = random(5, HIDDEN);
    Matrix w = random(VOCABULARY, HIDDEN);
    Head head = new Head(x, w, 5);
    head.scaling = new LogitKernels.LogitScaling(scale, softCap);
    head.run(List.of(31, 29), blockRows);
    head.checkOrder();
    Matrix.of(head.logits)
        .assertBlock(0, 5, 0, VOCABULARY, 1e-4, (i, j) -> scaled(scale * x.dot(i, w, j), softCap));
  }

  private static double scaled(double logit, double softCap) {
    return softCap == 0 ? logit : softCap * Math.tanh(logit / softCap);
  }
}
