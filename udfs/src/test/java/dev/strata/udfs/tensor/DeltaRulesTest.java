package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Delta rules and gates against plain loops, token by token. */
class DeltaRulesTest extends KernelFixture {

  private static final double EPSILON = 1e-5;
  private static final DeltaRules.Widths WIDTHS = new DeltaRules.Widths(2, 6, 5, 3, 4, false);
  private static final DeltaRules.Widths BY_KEY_HEAD = new DeltaRules.Widths(2, 6, 5, 3, 4, true);

  private static DeltaRules rules;

  @BeforeAll
  static void load() {
    rules = new DeltaRules(device);
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double silu(double x) {
    return x * sigmoid(x);
  }

  /** Where q, k, v, z, b and a of a token are in its row. */
  private record Columns(DeltaRules.Widths w) {

    private int group() {
      return w.heads() / w.keyHeads();
    }

    private int ofKeyHead() {
      return 2 * w.keyDim() + 2 * group() * w.valueDim();
    }

    int query(int head, int i) {
      return w.byKeyHead() ? head * ofKeyHead() + i : head * w.keyDim() + i;
    }

    int key(int head, int i) {
      return w.byKeyHead()
          ? head * ofKeyHead() + w.keyDim() + i
          : (w.keyHeads() + head) * w.keyDim() + i;
    }

    int value(int head, int i) {
      return w.byKeyHead()
          ? head / group() * ofKeyHead() + 2 * w.keyDim() + head % group() * w.valueDim() + i
          : 2 * w.keyHeads() * w.keyDim() + head * w.valueDim() + i;
    }

    int gate(int head, int i) {
      int behindValues = w.byKeyHead() ? group() * w.valueDim() : w.heads() * w.valueDim();
      return value(head, i) + behindValues;
    }

    private int gates() {
      return 2 * w.keyHeads() * w.keyDim() + 2 * w.heads() * w.valueDim();
    }

    int beta(int head) {
      return w.byKeyHead()
          ? gates() + head / group() * 2 * group() + head % group()
          : gates() + head;
    }

    int alpha(int head) {
      return beta(head) + (w.byKeyHead() ? group() : w.heads());
    }
  }

  /** One sequence, in double precision. */
  private static final class Sequence {

    private final DeltaRules.Widths w;
    private final Columns columns;
    private final Matrix filters;
    private final float[] decay;
    private final float[] shift;
    // [heads][keyDim][valueDim]
    final double[][][] state;
    // [kernel - 1][channels]
    final double[][] convolved;

    Sequence(
        DeltaRules.Widths w,
        Matrix filters,
        Matrix decay,
        Matrix shift,
        Matrix state,
        Matrix convolved,
        int index) {
      this.w = w;
      this.columns = new Columns(w);
      this.filters = filters;
      this.decay = decay.values;
      this.shift = shift.values;
      this.state = new double[w.heads()][w.keyDim()][w.valueDim()];
      for (int h = 0; h < w.heads(); h++) {
        for (int i = 0; i < w.keyDim(); i++) {
          for (int j = 0; j < w.valueDim(); j++) {
            this.state[h][i][j] = state.at(index, (h * w.keyDim() + i) * w.valueDim() + j);
          }
        }
      }
      int channels = (int) w.channels();
      this.convolved = new double[w.kernel() - 1][channels];
      for (int t = 0; t < w.kernel() - 1; t++) {
        for (int c = 0; c < channels; c++) {
          this.convolved[t][c] = convolved.at(index, t * channels + c);
        }
      }
    }

    private double[] convolve(double[] channels) {
      double[] out = new double[channels.length];
      for (int c = 0; c < channels.length; c++) {
        double sum = filters.at(c, w.kernel() - 1) * channels[c];
        for (int t = 0; t < w.kernel() - 1; t++) {
          sum += filters.at(c, t) * convolved[t][c];
        }
        out[c] = silu(sum);
      }
      System.arraycopy(convolved, 1, convolved, 0, convolved.length - 1);
      convolved[convolved.length - 1] = channels;
      return out;
    }

    private static double[] direction(double[] x, int first, int count) {
      double squares = 1e-6;
      for (int i = 0; i < count; i++) {
        squares += x[first + i] * x[first + i];
      }
      double[] y = new double[count];
      for (int i = 0; i < count; i++) {
        y[i] = x[first + i] / Math.sqrt(squares);
      }
      return y;
    }

    /** The next token, a row of {@code x}; what the rule reads, [heads · valueDim]. */
    double[] next(Matrix x, int row) {
      double[] channels = new double[(int) w.channels()];
      int c = 0;
      for (int h = 0; h < w.keyHeads(); h++) {
        for (int i = 0; i < w.keyDim(); i++) {
          channels[c++] = x.at(row, columns.query(h, i));
        }
      }
      for (int h = 0; h < w.keyHeads(); h++) {
        for (int i = 0; i < w.keyDim(); i++) {
          channels[c++] = x.at(row, columns.key(h, i));
        }
      }
      for (int h = 0; h < w.heads(); h++) {
        for (int i = 0; i < w.valueDim(); i++) {
          channels[c++] = x.at(row, columns.value(h, i));
        }
      }
      double[] seen = convolve(channels);
      double[] out = new double[w.heads() * w.valueDim()];
      for (int h = 0; h < w.heads(); h++) {
        int keyHead = h / (w.heads() / w.keyHeads());
        double[] q = direction(seen, keyHead * w.keyDim(), w.keyDim());
        double[] k = direction(seen, (w.keyHeads() + keyHead) * w.keyDim(), w.keyDim());
        int v = 2 * w.keyHeads() * w.keyDim() + h * w.valueDim();
        double a = x.at(row, columns.alpha(h)) + shift[h];
        double kept = Math.exp(-Math.exp(decay[h]) * Math.log1p(Math.exp(a)));
        double beta = sigmoid(x.at(row, columns.beta(h)));
        for (int j = 0; j < w.valueDim(); j++) {
          double known = 0;
          for (int i = 0; i < w.keyDim(); i++) {
            state[h][i][j] *= kept;
            known += k[i] * state[h][i][j];
          }
          double read = 0;
          for (int i = 0; i < w.keyDim(); i++) {
            state[h][i][j] += k[i] * (seen[v + j] - known) * beta;
            read += q[i] * state[h][i][j];
          }
          out[h * w.valueDim() + j] = read / Math.sqrt(w.keyDim());
        }
      }
      return out;
    }
  }

  /** Sequences behind one another in {@code x}, with a row between that is nobody's. */
  private final class Example {

    final DeltaRules.Widths w;
    final int[] counts;
    final int[] rows;
    final int tokens;
    final Matrix x;
    final Matrix filters;
    final Matrix decay;
    final Matrix shift;
    final Matrix states;
    final Matrix convolved;

    Example(DeltaRules.Widths w, int... counts) {
      this.w = w;
      this.counts = counts;
      this.rows = new int[counts.length];
      int row = 1;
      for (int i = counts.length - 1; i >= 0; i--) { // not in the order of slots
        rows[i] = row;
        row += counts[i] + 1;
      }
      this.tokens = row;
      this.x = random(tokens, (int) w.all());
      this.filters = random((int) w.channels(), w.kernel());
      this.decay = random(1, w.heads());
      this.shift = random(1, w.heads());
      this.states = random(counts.length + 1, (int) w.stateElements());
      this.convolved = random(counts.length + 1, (int) w.convolvedElements());
    }

    DeltaRules.States statesOnDevice() {
      int n = counts.length + 1;
      return new DeltaRules.States(
          tensor(states, n, w.heads(), w.keyDim(), w.valueDim()),
          tensor(convolved, n, w.kernel() - 1, w.channels()));
    }

    DeltaRules.Weights weights() {
      return new DeltaRules.Weights(vector(filters), vector(decay), vector(shift));
    }

    Tensor out() {
      Tensor out =
          own(device.allocate("out", NumberType.FLOAT32, tokens, (long) w.heads() * w.valueDim()));
      kernels.clear(out);
      return out;
    }

    void check(Tensor out, DeltaRules.States after) {
      float[] read = kernels.toFloats(out);
      float[] state = kernels.toFloats(after.state());
      float[] last = kernels.toFloats(after.convolved());
      int width = w.heads() * w.valueDim();
      boolean[] touched = new boolean[tokens];
      for (int i = 0; i < counts.length; i++) {
        Sequence sequence = new Sequence(w, filters, decay, shift, states, convolved, i);
        for (int j = 0; j < counts[i]; j++) {
          double[] expected = sequence.next(x, rows[i] + j);
          touched[rows[i] + j] = true;
          for (int c = 0; c < width; c++) {
            assertThat((double) read[(rows[i] + j) * width + c])
                .as("sequence %d, token %d, element %d", i, j, c)
                .isCloseTo(expected[c], within(2e-5));
          }
        }
        int at = i * (int) w.stateElements();
        for (double[][] head : sequence.state) {
          for (double[] row : head) {
            for (double value : row) {
              assertThat((double) state[at++]).as("state %d", i).isCloseTo(value, within(2e-5));
            }
          }
        }
        at = i * (int) w.convolvedElements();
        for (double[] row : sequence.convolved) {
          for (double value : row) {
            assertThat((double) last[at++]).as("state %d", i).isCloseTo(value, within(1e-6));
          }
        }
      }
      for (int row = 0; row < tokens; row++) {
        assertThat(touched[row] || read[row * width] == 0).as("row %d", row).isTrue();
      }
      int behind = counts.length * (int) w.stateElements();
      assertThat(state[behind]).as("nobody's").isEqualTo(states.values[behind]);
    }
  }

  @ParameterizedTest
  @CsvSource({"false, 1", "false, 2", "false, 5", "true, 3", "true, 16"})
  void sequencesOfAnyLengthGoOnAsTokenByToken(boolean byKeyHead, int chunks) {
    Example e = new Example(byKeyHead ? BY_KEY_HEAD : WIDTHS, 200, 129, 128, 65, 64, 7, 2, 1, 1);
    try (RecurrentRows rows = new RecurrentRows(e.rows, e.counts)) {
      rows.upload(device, e.w.kernel(), chunks);
      DeltaRules.States states = e.statesOnDevice();
      Tensor out = e.out();
      rules.recur(tensor(e.x, e.tokens, e.w.all()), rows, e.w, e.weights(), states, out);
      e.check(out, states);
    }
  }

  /** The same tokens in one call, and one by one. */
  @Test
  void chunksAreAsTokenByToken() {
    Example e = new Example(WIDTHS, 150, 70);
    DeltaRules.States states = e.statesOnDevice();
    Tensor out = e.out();
    Tensor x = tensor(e.x, e.tokens, e.w.all());
    for (int j = 0; j < 150; j++) {
      int n = j < 70 ? 2 : 1;
      int token = j;
      int[] next = IntStream.range(0, n).map(i -> e.rows[i] + token).toArray();
      try (RecurrentRows rows =
          new RecurrentRows(next, n == 2 ? new int[] {1, 1} : new int[] {1})) {
        rows.upload(device, e.w.kernel(), 4);
        rules.recur(x, rows, e.w, e.weights(), states, out);
      }
    }
    e.check(out, states);
  }

  /** Threads have sequences of their own. */
  @Test
  void threadsShareSequences() {
    try (ComputeDevice threads = ComputeDevice.open("cpu", "float32", 3)) {
      Example e = new Example(WIDTHS, 90, 66, 5, 3, 1, 1, 1);
      try (RecurrentRows rows = new RecurrentRows(e.rows, e.counts)) {
        rows.upload(threads, e.w.kernel(), 2);
        assertThat(rows.parts()).hasSize(3);
        DeltaRules.States states = e.statesOnDevice();
        Tensor out = e.out();
        new DeltaRules(threads)
            .recur(tensor(e.x, e.tokens, e.w.all()), rows, e.w, e.weights(), states, out);
        e.check(out, states);
      }
    }
  }

  /** No piece has more chunks than kernels take at once. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 8})
  void piecesAreNoLargerThanTheyMayBe(int chunks) {
    try (RecurrentRows rows =
        new RecurrentRows(new int[] {0, 700, 900, 1100}, new int[] {640, 130, 129, 1})) {
      rows.upload(device, 4, chunks);
      long all = 0;
      for (RecurrentRows.Piece piece : rows.parts().get(0)) {
        long taken =
            IntStream.range(0, piece.steps().length).mapToLong(i -> piece.steps()[i]).sum();
        assertThat(taken).isLessThanOrEqualTo(chunks);
        all += taken;
      }
      assertThat(all).isEqualTo(10 + 3 + 3);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void resultsAreNormedAndGated(boolean byKeyHead) {
    DeltaRules.Widths w = byKeyHead ? BY_KEY_HEAD : WIDTHS;
    Columns columns = new Columns(w);
    int n = 40;
    Matrix x = random(n + 1, (int) w.all());
    Matrix y = random(n + 1, w.heads() * w.valueDim());
    Matrix weight = random(1, w.valueDim());
    Tensor out = tensor(y, n + 1, (long) w.heads() * w.valueDim());
    rules.gateNormed(tensor(x, n + 1, w.all()), n, w, vector(weight), EPSILON, out);
    float[] actual = kernels.toFloats(out);
    int width = w.heads() * w.valueDim();
    for (int row = 0; row < n; row++) {
      for (int h = 0; h < w.heads(); h++) {
        double squares = 0;
        for (int i = 0; i < w.valueDim(); i++) {
          squares += Math.pow(y.at(row, h * w.valueDim() + i), 2) / w.valueDim();
        }
        for (int i = 0; i < w.valueDim(); i++) {
          int at = h * w.valueDim() + i;
          double normed = y.at(row, at) / Math.sqrt(squares + EPSILON) * weight.values[i];
          assertThat((double) actual[row * width + at])
              .isCloseTo(normed * silu(x.at(row, columns.gate(h, i))), within(1e-5));
        }
      }
    }
    assertThat(actual[n * width]).isEqualTo(y.at(n, 0));
  }

  @Test
  void queriesAreTakenAndGatesApplied() {
    int n = 35;
    int heads = 3;
    int d = 4;
    Matrix x = random(n + 1, 2 * heads * d);
    Matrix before = random(n + 1, heads * d + 2);
    Matrix y = random(n + 1, heads * d);
    Tensor source = tensor(x, n + 1, 2L * heads * d);
    Tensor queries = tensor(before, n + 1, (long) heads * d + 2);
    Tensor gated = tensor(y, n + 1, (long) heads * d);
    rules.takeQueries(source, n, heads, d, queries);
    rules.gateHeads(source, n, heads, d, gated);
    float[] taken = kernels.toFloats(queries);
    float[] result = kernels.toFloats(gated);
    for (int row = 0; row <= n; row++) {
      for (int c = 0; c < heads * d + 2; c++) {
        boolean isQuery = row < n && c < heads * d;
        assertThat(taken[row * (heads * d + 2) + c])
            .isEqualTo(isQuery ? x.at(row, c / d * 2 * d + c % d) : before.at(row, c));
      }
      for (int c = 0; c < heads * d; c++) {
        double gate = row < n ? sigmoid(x.at(row, c / d * 2 * d + d + c % d)) : 1;
        assertThat((double) result[row * heads * d + c])
            .isCloseTo(y.at(row, c) * gate, within(1e-6));
      }
    }
  }

  @Test
  void someRowsAreCleared() {
    Matrix x = random(6, 4);
    Tensor cleared = tensor(x, 6, 2, 2);
    rules.clearRows(cleared, 2, 3);
    float[] actual = kernels.toFloats(cleared);
    for (int row = 0; row < 6; row++) {
      float expected = row >= 2 && row < 5 ? 0 : x.at(row, 1);
      assertThat(actual[row * 4 + 1]).isEqualTo(expected);
    }
  }

  private static void assertRefused(ThrowingCallable call, String message) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("kernel called with " + message);
  }

  @Test
  void wrongShapesAreRefused() {
    Example e = new Example(WIDTHS, 3, 1);
    DeltaRules.States states = e.statesOnDevice();
    DeltaRules.Weights weights = e.weights();
    Tensor x = tensor(e.x, e.tokens, e.w.all());
    Tensor out = e.out();
    try (RecurrentRows rows = new RecurrentRows(e.rows, e.counts);
        RecurrentRows far = new RecurrentRows(new int[] {e.tokens - 1}, new int[] {2})) {
      assertRefused(() -> rules.recur(out, rows, e.w, weights, states, out), "rows");
      assertRefused(() -> rules.recur(x, far, e.w, weights, states, out), "rows");
      assertRefused(() -> rules.recur(x, rows, e.w, weights, states, x), x + " into");
      DeltaRules.Weights wrong =
          new DeltaRules.Weights(weights.decay(), weights.decay(), weights.shift());
      assertRefused(() -> rules.recur(x, rows, e.w, wrong, states, out), "Weights");
      DeltaRules.States swapped = new DeltaRules.States(states.state(), states.state());
      assertRefused(() -> rules.recur(x, rows, e.w, weights, swapped, out), "states");
      DeltaRules.States few = new Example(WIDTHS).statesOnDevice();
      assertRefused(() -> rules.recur(x, rows, e.w, weights, few, out), "states");
    }
    assertRefused(
        () -> rules.gateNormed(x, e.tokens + 1, e.w, weights.decay(), EPSILON, out), "8 rows");
    assertRefused(() -> rules.gateNormed(x, 1, e.w, weights.decay(), EPSILON, out), "norm");
    assertRefused(() -> rules.gateHeads(x, 1, 3, 4, out), "1 rows");
    assertRefused(() -> rules.takeQueries(x, 1, 3, 4, out), "1 rows");
    assertRefused(() -> rules.clearRows(x, 4, e.tokens), "4 + ");
    assertThatThrownBy(() -> new RecurrentRows(new int[] {0, 1}, new int[] {1, 2}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("sequence 1 of 2 tokens behind others");
  }
}
