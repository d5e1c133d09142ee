package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What some families do otherwise: activations, norms, ropes and scales. */
class VariantKernelsTest extends KernelFixture {

  private static final double EPSILON = 1e-5;
  private static final int HEAD_DIM = 8;

  private static double gelu(double x) {
    return x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 33})
  void storeGeluProductWritesItsColumns(int n) {
    Matrix x = random(n, 12);
    Matrix w = random(9, 12);
    Matrix bias = random(1, 20);
    Tensor out = tensor(Matrix.poison(36, 30));
    kernels.products().storeGeluProduct(tensor(x), n, tensor(w), vector(bias), 5, out);
    Matrix.of(out)
        .assertBlock(0, n, 5, 9, 1e-4, (i, j) -> gelu(x.dot(i, w, j) + bias.at(0, 5 + j)));
  }

  private static double normed(Matrix x, int row, int column, Matrix weight) {
    double meanSquare = x.dot(row, x, row) / x.columns;
    return x.at(row, column) / Math.sqrt(meanSquare + EPSILON) * weight.at(0, column);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "5, 0.25", "70, 3"})
  void addRowsAddsNorms(int n, double scale) {
    Matrix x = random(n, 20);
    Matrix terms = random(n, 20);
    Matrix weight = random(1, 20);
    Tensor out = tensor(Matrix.poison(n + 9, 20).with(4, 0, terms));
    kernels.addRows(tensor(x), n, vector(weight), EPSILON, scale, out, 4);
    Matrix.of(out)
        .assertBlock(4, n, 0, 20, 1e-5, (i, j) -> terms.at(i, j) + scale * normed(x, i, j, weight));
  }

  @Test
  void withoutAWeightAddRowsAddsAndNormRowsCopies() {
    Matrix x = random(5, 20);
    Matrix terms = random(5, 20);
    Tensor out = tensor(Matrix.poison(9, 20).with(2, 0, terms));
    kernels.addRows(tensor(x), 5, device.none(), EPSILON, 0.5, out, 2);
    Matrix.of(out).assertBlock(2, 5, 0, 20, 1e-6, (i, j) -> terms.at(i, j) + x.at(i, j) / 2);
    Tensor copy = tensor(Matrix.poison(9, 20));
    kernels.normRows(tensor(x), 1, 3, device.none(), EPSILON, copy);
    Matrix.of(copy).assertBlock(0, 3, 0, 20, 0, (i, j) -> x.at(1 + i, j));
  }

  @Test
  void whatIsAddedMustFit() {
    Tensor weight = vector(random(1, 20));
    Tensor x = tensor(random(5, 20));
    Tensor out = tensor(random(6, 20));
    assertThatThrownBy(() -> kernels.addRows(x, 6, weight, EPSILON, 1, out, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> kernels.addRows(x, 5, weight, EPSILON, 1, out, 2))
        .isInstanceOf(IllegalArgumentException.class);
    Tensor narrow = vector(random(1, 19));
    assertThatThrownBy(() -> kernels.addRows(x, 5, narrow, EPSILON, 1, out, 0))
        .isInstanceOf(IllegalArgumentException.class);
    Tensor wide = tensor(random(6, 21));
    assertThatThrownBy(() -> kernels.addRows(x, 5, weight, EPSILON, 1, wide, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void shiftAddsToEveryElement() {
    Matrix x = random(1, 20);
    Tensor shifted = vector(x);
    kernels.shift(shifted, 1);
    float[] values = kernels.toFloats(shifted);
    for (int i = 0; i < values.length; i++) {
      assertThat(values[i]).isEqualTo(x.at(0, i) + 1);
    }
  }

  @Test
  void embeddingsMayBeScaled() {
    Matrix staged = random(3, 10);
    Tensor x = tensor(Matrix.poison(4, 10));
    kernels.embed(tensor(staged), 3, indexes(2, 0), 2.5, x, 1, 0);
    Matrix.of(x).assertBlock(1, 2, 0, 10, 1e-6, (i, j) -> 2.5 * staged.at(i == 0 ? 2 : 0, j));
  }

  /** A token's queries and keys after they entered, [heads + kvHeads, headDim]: 3 and 1 of 8. */
  private Matrix entered(
      Matrix qkv, AttentionKernels.Rotation rotation, Tensor queryNorm, Tensor keyNorm) {
    return entered(qkv, rotation, queryNorm, keyNorm, AttentionKernels.KeptValues.PLAIN);
  }

  private Matrix entered(
      Matrix qkv,
      AttentionKernels.Rotation rotation,
      Tensor queryNorm,
      Tensor keyNorm,
      AttentionKernels.KeptValues kept) {
    Tensor in = tensor(qkv);
    Tensor fresh = tensor(Matrix.poison(1, 2 * HEAD_DIM), 1, 2, 1, HEAD_DIM);
    Tensor kv = tensor(Matrix.poison(1, 2 * HEAD_DIM), 1, 2, 1, HEAD_DIM);
    own(
        kernels
            .attention()
            .enter(
                in,
                0,
                1,
                3,
                rotation,
                0,
                queryNorm,
                keyNorm,
                EPSILON,
                kept,
                indexes(0),
                fresh,
                kv));
    return Matrix.of(in);
  }

  private static Matrix values(Matrix qkv) {
    return Matrix.of(1, HEAD_DIM, (i, j) -> qkv.at(0, 4 * HEAD_DIM + j));
  }

  private void assertEntered(Matrix qkv, Matrix entered, Matrix.Element queryOrKey) {
    Matrix expected = Matrix.poison(1, 5 * HEAD_DIM).with(0, 4 * HEAD_DIM, values(qkv));
    expected.with(0, 0, Matrix.of(4, HEAD_DIM, queryOrKey).reshaped(1, 4 * HEAD_DIM));
    entered.assertSame(expected, 1e-5);
  }

  /** Without a weight; keys that become values are those before their norm. */
  @Test
  void valuesAreNormedBeforeTheyAreKept() {
    Matrix qkv = random(1, 5 * HEAD_DIM);
    Tensor none = device.none();
    AttentionKernels.Rotation rotation = kernels.attention().rotation(indexes(7), none, 1, false);
    Tensor norm = vector(random(1, HEAD_DIM));
    for (AttentionKernels.KeptValues kept :
        List.of(AttentionKernels.KeptValues.NORMED, AttentionKernels.KeptValues.NORMED_KEYS)) {
      int from = kept == AttentionKernels.KeptValues.NORMED ? 4 : 3;
      double squares = 0;
      for (int j = 0; j < HEAD_DIM; j++) {
        squares += Math.pow(qkv.at(0, from * HEAD_DIM + j), 2);
      }
      double scale = 1 / Math.sqrt(squares / HEAD_DIM + EPSILON);
      Matrix entered = entered(qkv, rotation, norm, norm, kept);
      for (int j = 0; j < HEAD_DIM; j++) {
        assertThat((double) entered.at(0, 4 * HEAD_DIM + j))
            .isCloseTo(qkv.at(0, from * HEAD_DIM + j) * scale, within(1e-5));
      }
    }
  }

  /** What is done to them does not depend on whether keys are beside them. */
  @Test
  void queriesEnterAlone() {
    Matrix qkv = random(1, 5 * HEAD_DIM);
    Tensor norm = vector(random(1, HEAD_DIM));
    AttentionKernels.Rotation rotation =
        kernels.attention().rotation(indexes(7), vector(random(1, 3)), 1.5, false);
    Matrix all = entered(qkv, rotation, norm, norm);
    Tensor alone = tensor(Matrix.of(1, 3 * HEAD_DIM, (i, j) -> qkv.at(0, j)));
    own(kernels.attention().enterQueries(alone, 0, 1, 3, HEAD_DIM, rotation, 0, norm, EPSILON));
    Matrix.of(alone).assertSame(Matrix.of(1, 3 * HEAD_DIM, (i, j) -> all.at(0, j)), 1e-6);
  }

  @Test
  void withoutFrequenciesNothingTurns() {
    Matrix qkv = random(1, 5 * HEAD_DIM);
    Tensor none = device.none();
    AttentionKernels.Rotation rotation = kernels.attention().rotation(indexes(7), none, 1, false);
    entered(qkv, rotation, none, none).assertSame(qkv, 0);
  }

  /** Two frequencies turn the first four elements of eight. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aPartOfEachHeadTurns(boolean pairs) {
    Matrix qkv = random(1, 5 * HEAD_DIM);
    Matrix frequencies = random(1, 2);
    AttentionKernels.Rotation rotation =
        kernels.attention().rotation(indexes(7), vector(frequencies), 1.5, pairs);
    Matrix entered = entered(qkv, rotation, device.none(), device.none());
    assertEntered(
        qkv,
        entered,
        (head, j) -> {
          float x = qkv.at(0, head * HEAD_DIM + j);
          if (j >= 4) {
            return x;
          }
          int pair = pairs ? j / 2 : j % 2;
          boolean isFirst = pairs ? j % 2 == 0 : j < 2;
          int distance = pairs ? 1 : 2;
          float other = qkv.at(0, head * HEAD_DIM + (isFirst ? j + distance : j - distance));
          double angle = 7 * frequencies.at(0, pair);
          double turned = x * Math.cos(angle) + (isFirst ? -1 : 1) * other * Math.sin(angle);
          return 1.5 * turned;
        });
  }

  /** Of a token at 70, with 32 positions between the steps: twice past one. */
  @Test
  void queriesMayGrowWithTheirPosition() {
    Matrix qkv = random(1, 5 * HEAD_DIM);
    Tensor none = device.none();
    AttentionKernels.Rotation rotation =
        new AttentionKernels.Rotation(
            indexes(70), none, 1, false, 0.1, 32, kernels.attention().noLonger());
    assertEntered(
        qkv,
        entered(qkv, rotation, none, none),
        (head, j) -> qkv.at(0, head * HEAD_DIM + j) * (head < 3 ? 1 + 0.1 * Math.log(3) : 1));
  }

  @ParameterizedTest
  @CsvSource({"32, false", "33, true"})
  void tokensOfLongSequencesHaveOtherFrequencies(long span, boolean isLonger) {
    Matrix qkv = random(1, 5 * HEAD_DIM);
    Tensor none = device.none();
    Tensor shorter = vector(random(1, 4));
    Tensor longer = vector(random(1, 4));
    AttentionKernels.Longer other = new AttentionKernels.Longer(indexes(span), longer, 32);
    AttentionKernels.Rotation both =
        new AttentionKernels.Rotation(indexes(7), shorter, 1, false, 0, 1, other);
    AttentionKernels.Rotation one =
        kernels.attention().rotation(indexes(7), isLonger ? longer : shorter, 1, false);
    entered(qkv, both, none, none).assertSame(entered(qkv, one, none, none), 0);
  }

  @Test
  void allHeadsOfATokenMayBeNormedTogether() {
    Matrix qkv = random(1, 5 * HEAD_DIM);
    Matrix queryNorm = random(1, 3 * HEAD_DIM);
    Matrix keyNorm = random(1, HEAD_DIM);
    AttentionKernels.Rotation rotation =
        kernels.attention().rotation(indexes(0), device.none(), 1, false);
    Matrix entered = entered(qkv, rotation, vector(queryNorm), vector(keyNorm));
    Matrix queries = Matrix.of(1, 3 * HEAD_DIM, (i, j) -> qkv.at(0, j));
    Matrix key = Matrix.of(1, HEAD_DIM, (i, j) -> qkv.at(0, 3 * HEAD_DIM + j));
    assertEntered(
        qkv,
        entered,
        (head, j) ->
            head < 3
                ? normed(queries, 0, head * HEAD_DIM + j, queryNorm)
                : normed(key, 0, j, keyNorm));
  }
}
