package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Routers, experts and latent attention against plain loops, with poison around what is written.
 */
class ExpertKernelsTest extends KernelFixture {

  private static final int EXPERTS = 12;
  private static final int CHOSEN = 3;
  private static final int FIRST = 4;

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /** One token's experts, the best first, and their weights. */
  @SuppressWarnings("ArrayRecordComponent") // not compared
  private record Taken(List<Integer> experts, double[] weights) {

    static Taken of(Matrix products, int token, ExpertKernels.Routing routing, float[] correction) {
      double[] scores = new double[EXPERTS];
      for (int i = 0; i < EXPERTS; i++) {
        double x = products.at(token, i);
        scores[i] =
            switch (routing.scoring()) {
              case SOFTMAX -> Math.exp(x);
              case SIGMOID -> sigmoid(x);
              case NONE -> x;
            };
      }
      if (routing.scoring() == ExpertKernels.Scoring.SOFTMAX) {
        double sum = Arrays.stream(scores).sum();
        scores = Arrays.stream(scores).map(score -> score / sum).toArray();
      }
      double[] choice = scores.clone();
      for (int i = 0; i < correction.length; i++) {
        choice[i] += correction[i];
      }
      hideGroups(choice, routing);
      List<Integer> best = best(choice, routing.chosen());
      List<Double> own = Arrays.stream(scores).boxed().toList();
      double[] taken = best.stream().mapToDouble(own::get).toArray();
      if (routing.scoring() == ExpertKernels.Scoring.NONE) {
        taken = Arrays.stream(taken).map(Math::exp).toArray();
      }
      boolean divides = routing.normalised() || routing.scoring() == ExpertKernels.Scoring.NONE;
      double sum = divides ? Arrays.stream(taken).sum() : 1;
      return new Taken(best, Arrays.stream(taken).map(w -> w / sum * routing.scale()).toArray());
    }

    private static List<Integer> best(double[] values, int count) {
      return IntStream.range(0, values.length)
          .boxed()
          .sorted(Comparator.comparingDouble(i -> -values[i]))
          .limit(count)
          .toList();
    }

    private static void hideGroups(double[] choice, ExpertKernels.Routing routing) {
      int size = EXPERTS / routing.groups();
      double[] ofGroups = new double[routing.groups()];
      for (int group = 0; group < routing.groups(); group++) {
        double[] own = Arrays.copyOfRange(choice, group * size, (group + 1) * size);
        Arrays.sort(own);
        ofGroups[group] = own[size - 1] + own[size - 2];
      }
      List<Integer> kept = best(ofGroups, routing.groupsChosen());
      for (int i = 0; i < EXPERTS && routing.groups() > 1; i++) {
        choice[i] = kept.contains(i / size) ? choice[i] : 0;
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "SOFTMAX, false, 1, 1, false, 1",
    "SOFTMAX, false, 1, 1, true, 1",
    "SIGMOID, true, 1, 1, true, 1",
    "SIGMOID, true, 4, 2, true, 2.5",
    "SIGMOID, false, 3, 1, false, 1.5",
    "NONE, false, 1, 1, false, 1"
  })
  void eachTokenTakesTheBest(
      ExpertKernels.Scoring scoring,
      boolean corrected,
      int groups,
      int groupsChosen,
      boolean normalised,
      double scale) {
    int n = 1030;
    Matrix products = random(n + 2, EXPERTS);
    Matrix correction = random(1, EXPERTS);
    ExpertKernels.Routing routing =
        new ExpertKernels.Routing(
            CHOSEN,
            scoring,
            corrected ? vector(correction) : device.none(),
            groups,
            groupsChosen,
            normalised,
            scale);
    long[] nothing = new long[(FIRST + n + 1) * (CHOSEN + 1)];
    Arrays.fill(nothing, -7);
    Tensor experts =
        own(kernels.reshape("test", indexes(nothing), NumberType.INT64, FIRST + n + 1, CHOSEN + 1));
    Tensor weights = tensor(Matrix.poison(FIRST + n + 1, CHOSEN + 1));
    kernels.experts().route(tensor(products), n, routing, experts, weights, FIRST);

    Matrix expectedWeights = Matrix.poison(FIRST + n + 1, CHOSEN + 1);
    long[] expected = nothing.clone();
    for (int token = 0; token < n; token++) {
      Taken taken =
          Taken.of(products, token, routing, corrected ? correction.values : new float[0]);
      for (int i = 0; i < CHOSEN; i++) {
        expected[(FIRST + token) * (CHOSEN + 1) + i] = taken.experts().get(i);
        expectedWeights.values[(FIRST + token) * (CHOSEN + 1) + i] = (float) taken.weights()[i];
      }
    }
    assertThat(kernels.toLongs(experts)).isEqualTo(expected);
    Matrix.of(weights).assertSame(expectedWeights, 1e-5);
  }

  /** Choices of tokens 5, 6 and 9 of a block whose first token is 5, in row 2. */
  private static final long[] ORDER = {0, 1, 5 * 2 + 1, 6 * 2, 9 * 2 + 1, 40};

  private ExpertKernels.Chosen chosen() {
    return new ExpertKernels.Chosen(indexes(ORDER), 2, 3, 2);
  }

  private static final int[] ROWS = {2, 3, 6};

  @Test
  void anExpertGathersTheRowsOfTheTokensThatChoseIt() {
    Matrix x = random(9, 7);
    Tensor out = tensor(Matrix.poison(5, 7));
    kernels.experts().gatherRows(tensor(x), chosen(), 5, 2, out);
    Matrix.of(out).assertBlock(0, 3, 0, 7, 0, (row, column) -> x.at(ROWS[row], column));
  }

  @Test
  void whatAnExpertGivesIsAddedByItsWeight() {
    Matrix x = random(9, 7);
    Matrix y = random(5, 7);
    Matrix weights = random(12, 2);
    Tensor out = tensor(x);
    kernels.experts().combineRows(tensor(y), chosen(), tensor(weights), 5, 2, out);
    Matrix expected = x.map(x::at);
    for (int i = 0; i < ROWS.length; i++) {
      int choice = (int) ORDER[2 + i];
      for (int column = 0; column < 7; column++) {
        expected.values[ROWS[i] * 7 + column] +=
            y.at(i, column) * weights.at(choice / 2, choice % 2);
      }
    }
    Matrix.of(out).assertSame(expected, 1e-5);
  }

  private static final int[] COUNTS = {3, 1, 5};
  private static final int PADDED = 6;

  /** Choices of two experts that are not meant, then of three that are, two for a token. */
  private ExpertKernels.ChosenOfExperts batch(long[] order) {
    return new ExpertKernels.ChosenOfExperts(
        indexes(order),
        indexes(0, 2, 3, 2, 3, 0, 5, 1, 2, 6, 5, 1),
        1,
        Arrays.stream(COUNTS).boxed().toList(),
        PADDED,
        2);
  }

  /** The row of an expert's choice in x: token 5 has row 2. */
  private static int rowOf(long choice) {
    return (int) (choice / 2) - 5 + 2;
  }

  /** Of the three experts in the order of the batch. */
  private static final int[] BIAS_OF = {0, 2, 1};

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void expertsAtOnceGiveWhatEachGivesAlone(boolean transposed) {
    long[] order = {10, 12, 11, 15, 22, 18, 10, 13, 14, 17, 23};
    Matrix x = random(9, 7);
    Matrix weights = random(12, 2);
    Matrix[] gates = {random(4, 7), random(4, 7), random(4, 7)};
    Matrix[] ups = {random(4, 7), random(4, 7), random(4, 7)};
    Matrix[] downs = {random(7, 4), random(7, 4), random(7, 4)};
    ExpertKernels.ChosenOfExperts chosen = batch(order);
    Tensor gathered = tensor(Matrix.poison(20, 7));
    ExpertKernels.PaddedChoices choices = kernels.experts().padded(chosen);
    own(choices.all());
    kernels.experts().gatherExperts(tensor(x), choices, 5, 2, gathered);
    Tensor hidden = tensor(Matrix.poison(20, 4));
    products(gathered, gates, transposed, ExpertKernels.ExpertUse.STORE_SILU, hidden, 0);
    products(gathered, ups, transposed, ExpertKernels.ExpertUse.MULTIPLY, hidden, 0);
    Matrix rows = Matrix.poison(22, 7);
    Arrays.fill(rows.values, 0, 7, 0);
    Tensor y = tensor(rows);
    products(hidden, downs, transposed, ExpertKernels.ExpertUse.STORE, y, 2);
    Matrix biases = random(4, 7);
    kernels.experts().addBiases(chosen, vector(biases), y, 2);
    Tensor places = indexes(new long[14]);
    kernels.experts().placeExperts(choices, 5, 2, places);
    Tensor out = tensor(x);
    kernels
        .experts()
        .combineExperts(
            new ExpertKernels.PlacedResults(y, places, 2, 2), tensor(weights), 5, 7, out, 2);

    Matrix expected = x.map(x::at);
    int next = 2;
    for (int expert = 0; expert < COUNTS.length; expert++) {
      for (int i = 0; i < COUNTS[expert]; i++) {
        long choice = order[next++];
        int row = rowOf(choice);
        double weight = weights.at((int) choice / 2, (int) choice % 2);
        for (int column = 0; column < 7; column++) {
          double sum = biases.at(BIAS_OF[expert], column);
          for (int k = 0; k < 4; k++) {
            double gate = x.dot(row, gates[expert], k);
            sum += gate * sigmoid(gate) * x.dot(row, ups[expert], k) * downs[expert].at(column, k);
          }
          expected.values[row * 7 + column] += (float) (weight * sum);
        }
      }
    }
    Matrix.of(out).assertSame(expected, 1e-4);
    int end = 2 + COUNTS.length * PADDED;
    float[] behind = Arrays.copyOfRange(Matrix.of(y).values, end * 7, 22 * 7);
    assertThat(behind).containsOnly(Matrix.poison(1, 1).values);
  }

  private static final int STRIDE = 40;

  /** Matrices that lie in every second place of a ring, from the second place on. */
  private Tensor ring(Matrix... matrices) {
    float[] places = new float[7 * STRIDE];
    Arrays.fill(places, Float.NaN);
    for (int i = 0; i < matrices.length; i++) {
      System.arraycopy(
          matrices[i].values, 0, places, (1 + 2 * i) * STRIDE, matrices[i].values.length);
    }
    return own(device.floats(places));
  }

  private void products(
      Tensor x,
      Matrix[] matrices,
      boolean transposed,
      ExpertKernels.ExpertUse use,
      Tensor out,
      int first) {
    Matrix[] stored = matrices.clone();
    for (int expert = 0; transposed && expert < stored.length; expert++) {
      Matrix w = matrices[expert];
      stored[expert] =
          Matrix.of(/* rows= */ w.columns, /* columns= */ w.rows, (i, k) -> w.at(k, i));
    }
    try (Tensor w =
        kernels.strided(ring(stored), STRIDE, 3, 2 * STRIDE, stored[0].rows, stored[0].columns)) {
      kernels.experts().expertProducts(x, PADDED, w, transposed, use, out, first);
    }
  }

  /** The tokens from the third on are the block; one of its two choices more than count. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void choicesAreSortedByExpertThenByToken(int chosen) {
    long[] experts = {9, 9, 9, 9, 3, 0, 1, 3, 3, 1, 0, 1, 9, 9};
    Tensor all = own(kernels.reshape("test", indexes(experts), NumberType.INT64, 7, 2));
    long[] nothing = new long[14];
    Arrays.fill(nothing, -7);
    Tensor order = indexes(nothing);
    Tensor begins = own(kernels.reshape("test", indexes(new long[10]), NumberType.INT64, 2, 5));
    kernels.experts().sortChoices(all, 2, 4, chosen, order, begins, 1);
    long[] expected = nothing.clone();
    long[] sorted = chosen == 1 ? new long[] {10, 6, 4, 8} : new long[] {5, 10, 6, 9, 11, 4, 7, 8};
    System.arraycopy(sorted, 0, expected, 4, sorted.length);
    assertThat(kernels.toLongs(order)).isEqualTo(expected);
    long[] ofBlock = chosen == 1 ? new long[] {0, 1, 2, 2, 4} : new long[] {0, 2, 5, 5, 8};
    long[] table = new long[10];
    System.arraycopy(ofBlock, 0, table, 5, 5);
    assertThat(kernels.toLongs(begins)).isEqualTo(table);
  }

  /** A token that chose fewer experts than others may, or one whose result is elsewhere. */
  @Test
  void whatIsNotThereIsNotCombined() {
    Matrix rows = random(3, 5);
    Arrays.fill(rows.values, 0, 5, 0);
    Matrix weights = Matrix.of(4, 3, (row, column) -> column < 2 ? row + column + 1f : Float.NaN);
    Matrix x = random(3, 5);
    Tensor out = tensor(x);
    Tensor places = indexes(0, 2, 1, 1, 0, 2);
    kernels
        .experts()
        .combineExperts(
            new ExpertKernels.PlacedResults(tensor(rows), places, 3, 2),
            tensor(weights),
            1,
            2,
            out,
            1);
    Matrix.of(out)
        .assertSame(
            x.map(
                (row, column) ->
                    switch (row) {
                      case 1 -> x.at(1, column) + 3 * rows.at(2, column);
                      case 2 -> x.at(2, column) + 3 * rows.at(1, column);
                      default -> x.at(row, column);
                    }),
            1e-5);
  }

  /** Codes and scales of whole blocks in every second place of a ring of bytes. */
  @ParameterizedTest
  @CsvSource({"2, 4", "1, 8", "4, 1", "4, 8"})
  void codesOfExpertsAreScaledAtOnce(int blockRows, int blockColumns) {
    long stride = 256;
    Tensor ring = own(device.allocateHost("test", NumberType.UINT8, 6 * stride));
    ByteBuffer bytes = ring.buffer().order(ByteOrder.LITTLE_ENDIAN);
    int blocks = 32 / blockRows / blockColumns;
    Matrix scales = random(3, blocks);
    for (int i = 0; i < 3; i++) {
      int begin = (int) ((2 * i + 1) * stride);
      for (int k = 0; k < 32; k++) {
        bytes.put(begin + k, (byte) (i * 32 + k));
      }
      for (int k = 0; k < blocks; k++) {
        bytes.putFloat(begin + 36 + 4 * k, scales.at(i, k));
      }
    }
    WeightKernels.Scales of =
        new WeightKernels.Scales(
            stride + 36,
            NumberType.FLOAT32,
            4 / blockRows,
            8 / blockColumns,
            blockRows,
            blockColumns,
            0);
    Tensor scratch = tensor(Matrix.poison(1, 100), 100);
    NumberType e4m3 = NumberType.FLOAT8_E4M3;
    Tensor w =
        kernels.weights().scaledExperts(ring, stride, e4m3, of, 3, 2 * stride, 4, 8, scratch);
    own(w);
    assertThat(w.size(0)).isEqualTo(3);
    float[] found = kernels.toFloats(w);
    for (int i = 0; i < found.length; i++) {
      int k = i % 32;
      int block = k / 8 / blockRows * (8 / blockColumns) + k % 8 / blockColumns;
      assertThat(found[i]).isEqualTo(KernelsTest.float8(i, 0) * scales.at(i / 32, block));
    }
    assertRefused(
        () ->
            kernels.weights().scaledExperts(ring, stride, e4m3, of, 3, 2 * stride, 4, 9, scratch));
    assertRefused(
        () ->
            kernels.weights().scaledExperts(ring, stride, e4m3, of, 4, 2 * stride, 4, 8, scratch));
    assertRefused(
        () ->
            kernels
                .weights()
                .scaledExperts(ring, stride, e4m3, of, 3, 2 * stride + 2, 4, 8, scratch));
  }

  @Test
  void batchesOfExpertsMustFit() {
    long[] order = {10, 12, 11, 15, 22, 18, 10, 13, 14, 17, 23};
    Tensor x = tensor(random(9, 7));
    ExpertKernels.ChosenOfExperts chosen = batch(order);
    ExpertKernels.PaddedChoices choices = kernels.experts().padded(chosen);
    own(choices.all());
    assertRefused(() -> kernels.experts().gatherExperts(x, choices, 5, 2, tensor(random(17, 7))));
    assertRefused(() -> kernels.experts().gatherExperts(x, choices, 5, 2, tensor(random(18, 6))));
    ExpertKernels.ChosenOfExperts few =
        new ExpertKernels.ChosenOfExperts(indexes(order), indexes(0, 2, 0), 0, List.of(2, 1), 2, 2);
    assertRefused(() -> kernels.experts().padded(few));
    ExpertKernels.ChosenOfExperts more =
        new ExpertKernels.ChosenOfExperts(indexes(order), indexes(0, 3, 0), 0, List.of(3), 2, 2);
    assertRefused(() -> kernels.experts().padded(more));
    assertRefused(() -> kernels.experts().addBiases(more, x, x, 0));
    ExpertKernels.PlacedResults placed = new ExpertKernels.PlacedResults(x, indexes(order), 2, 2);
    assertRefused(
        () -> kernels.experts().combineExperts(placed, tensor(random(12, 2)), 0, 6, x, 0));
    assertRefused(
        () -> kernels.experts().combineExperts(placed, tensor(random(12, 1)), 0, 2, x, 0));
    assertRefused(() -> kernels.experts().combineExperts(placed, x, 0, 2, tensor(random(9, 6)), 0));
    Tensor ring = ring(random(4, 7));
    assertRefused(() -> kernels.strided(ring, 5 * STRIDE, 2, 2 * STRIDE, 4, 7));
    Tensor w = kernels.strided(ring, 0, 2, STRIDE, 4, 7);
    own(w);
    Tensor narrow = tensor(random(18, 5));
    ExpertKernels.ExpertUse store = ExpertKernels.ExpertUse.STORE;
    assertRefused(() -> kernels.experts().expertProducts(x, 6, w, false, store, narrow, 0));
    assertRefused(
        () ->
            kernels.experts().expertProducts(narrow, 6, w, false, store, tensor(random(18, 4)), 0));
    assertRefused(
        () -> kernels.experts().expertProducts(x, 4, w, false, store, tensor(random(9, 4)), 2));
  }

  @Test
  void gatesAreClamped() {
    Matrix x = random(40, 12).map((row, column) -> 5 * random.nextGaussian());
    Tensor out = tensor(Matrix.poison(40, 6));
    kernels.clampGates(tensor(x), 35, 1.7, 3, out);
    Matrix.of(out)
        .assertBlock(
            0,
            35,
            0,
            6,
            1e-4,
            (row, column) -> {
              double gate = Math.min(3, x.at(row, 2 * column));
              double up = Math.max(-3, Math.min(3, x.at(row, 2 * column + 1)));
              return (up + 1) * gate * sigmoid(1.7 * gate);
            });
  }

  @Test
  void rowsAreWeighedBySigmoids() {
    Matrix weights = random(40, 1);
    Matrix y = random(40, 5);
    Tensor out = tensor(y);
    kernels.weighRows(tensor(weights), 37, out);
    Matrix.of(out)
        .assertSame(
            y.map(
                (row, column) ->
                    row < 37 ? y.at(row, column) * sigmoid(weights.at(row, 0)) : y.at(row, column)),
            1e-5);
  }

  /** Tiles of rows add up, however few tokens there are; the bias is added once. */
  @ParameterizedTest
  @ValueSource(ints = {1, 15, 16, 33})
  void aTransposedMatrixIsMultipliedTileByTile(int n) {
    Matrix x = random(n + 1, 10);
    Matrix w = random(10, 9);
    Matrix bias = random(1, 9);
    Tensor out = tensor(Matrix.poison(n + 1, 9));
    for (int[] tile : new int[][] {{0, 4}, {4, 9}, {9, 10}}) {
      kernels
          .products()
          .transposedProduct(
              tensor(x), n, tensor(w.rows(tile[0], tile[1])), vector(bias), tile[0], out);
    }
    Matrix turned = Matrix.of(9, 10, (row, column) -> w.at(column, row));
    Matrix.of(out)
        .assertBlock(
            0, n, 0, 9, 1e-4, (row, column) -> x.dot(row, turned, column) + bias.at(0, column));
  }

  private static final AttentionKernels.Latent LATENT = new AttentionKernels.Latent(3, 4, 2, 5, 6);
  private static final int HEAD = 8;

  @Test
  void latentQueriesAndKeysAreInTheirPlaces() {
    int n = 20;
    Matrix q = random(n + 1, 3 * 6);
    Matrix compressed = random(n + 1, 8);
    Matrix norm = random(1, 6);
    Tensor qkv = tensor(Matrix.poison(n + 1, 5 * HEAD));
    kernels.attention().latentQueries(tensor(q), n, LATENT, qkv);
    kernels.attention().latentKey(tensor(compressed), n, LATENT, vector(norm), 1e-3, qkv);
    Matrix.of(qkv)
        .assertBlock(
            0,
            n,
            0,
            5 * HEAD,
            1e-5,
            (row, column) -> {
              int head = column / HEAD;
              int i = column % HEAD;
              if (head < 3) {
                return i < 2 ? q.at(row, head * 6 + 4 + i) : 0;
              }
              if (i < 2) {
                return compressed.at(row, 6 + i);
              }
              double squares = 0;
              for (int k = 0; k < 6; k++) {
                squares += compressed.at(row, k) * compressed.at(row, k);
              }
              return compressed.at(row, i - 2) / Math.sqrt(squares / 6 + 1e-3) * norm.at(0, i - 2);
            });
  }

  /** Tiles begin and end within heads, within either part of them. */
  @ParameterizedTest
  @ValueSource(ints = {1, 15, 20})
  void eachHeadIsMultipliedByItsRowsOfTheLatentMatrix(int n) {
    int rows = 3 * 9;
    Matrix w = random(rows, 6);
    Matrix q = random(n + 1, 3 * 6);
    Matrix y = random(n + 1, 3 * HEAD);
    Matrix before = random(n + 1, 5 * HEAD);
    Tensor qkv = tensor(before);
    Tensor values = tensor(Matrix.poison(n + 1, 3 * 5));
    int[] ends = {2, 3, 11, 14, 25, rows};
    for (int i = 0; i < ends.length; i++) {
      int begin = i == 0 ? 0 : ends[i - 1];
      Tensor tile = tensor(w.rows(begin, ends[i]));
      kernels.attention().latentProduct(tensor(q), n, LATENT, true, tile, begin, qkv);
      kernels.attention().latentProduct(tensor(y), n, LATENT, false, tile, begin, values);
    }
    Matrix.of(qkv)
        .assertSame(
            before.map(
                (row, column) -> {
                  int head = column / HEAD;
                  int i = column % HEAD - 2;
                  double sum = before.at(row, column);
                  for (int k = 0; k < 4 && head < 3 && i >= 0 && row < n; k++) {
                    sum += q.at(row, head * 6 + k) * w.at(head * 9 + k, i);
                  }
                  return sum;
                }),
            1e-4);
    Matrix.of(values)
        .assertBlock(
            0,
            n,
            0,
            15,
            1e-4,
            (row, column) -> {
              int head = column / 5;
              double sum = 0;
              for (int k = 0; k < 6; k++) {
                sum += y.at(row, head * HEAD + 2 + k) * w.at(head * 9 + 4 + column % 5, k);
              }
              return sum;
            });
  }

  private static void assertRefused(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("kernel called with ");
  }

  @Test
  void shapesMustFit() {
    Tensor x = tensor(random(4, 6));
    Tensor small = tensor(random(4, 5));
    assertRefused(() -> kernels.experts().gatherRows(x, chosen(), 5, 2, small));
    assertRefused(() -> kernels.experts().gatherRows(x, chosen(), 5, 2, tensor(random(2, 6))));
    assertRefused(
        () ->
            kernels
                .experts()
                .gatherRows(x, new ExpertKernels.Chosen(indexes(1, 2), 1, 2, 2), 5, 2, x));
    assertRefused(() -> kernels.experts().combineRows(small, chosen(), x, 5, 2, x));
    assertRefused(() -> kernels.clampGates(x, 4, 1, 1, small));
    assertRefused(() -> kernels.weighRows(x, 4, small));
    assertRefused(
        () ->
            kernels
                .products()
                .transposedProduct(x, 4, tensor(random(7, 5)), device.none(), 0, small));
    assertRefused(
        () ->
            kernels
                .products()
                .transposedProduct(x, 4, tensor(random(6, 5)), vector(random(1, 4)), 0, small));
    assertRefused(() -> kernels.attention().latentQueries(x, 4, LATENT, small));
    assertRefused(
        () -> kernels.attention().latentProduct(tensor(random(4, 18)), 4, LATENT, true, x, 25, x));
    ExpertKernels.Routing routing =
        new ExpertKernels.Routing(
            2, ExpertKernels.Scoring.SOFTMAX, vector(random(1, 5)), 1, 1, true, 1);
    assertRefused(() -> kernels.experts().route(x, 4, routing, x, x, 0));
  }
}
