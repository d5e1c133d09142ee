package dev.strata.udfs.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.strata.udfs.model.Activation;
import dev.strata.udfs.model.Buffer;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.HeadSpec;
import dev.strata.udfs.model.LayerProgram;
import dev.strata.udfs.model.LoopOrder;
import dev.strata.udfs.model.Stage;
import dev.strata.udfs.model.Step;
import dev.strata.udfs.model.WeightSpec;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.Lane;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A family that nobody has: two branches of one norm side by side, one behind an activation, gated
 * by a third; a product of them is added as it is, another one normed and scaled. Computed by its
 * program alone, and beside that in Java.
 */
class StagePassTest {

  private static final int HIDDEN = 6;
  private static final int BRANCH = 4;
  private static final int TOKENS = 5;
  private static final int FIRST_ROW = 2;
  private static final double EPSILON = 1e-5;

  private static final Buffer X = new Buffer("x", HIDDEN);
  private static final Buffer BRANCHES = new Buffer("branches", 2 * BRANCH);
  private static final Buffer Y = new Buffer("y", HIDDEN);

  private static final WeightSpec NORM = vector("norm", HIDDEN);
  private static final WeightSpec LEFT = matrix("left", BRANCH, HIDDEN);
  private static final WeightSpec RIGHT = matrix("right", BRANCH, HIDDEN);
  private static final WeightSpec RIGHT_BIAS = vector("right bias", BRANCH);
  private static final WeightSpec GATE = matrix("gate", 2 * BRANCH, HIDDEN);
  private static final WeightSpec OUT = matrix("out", HIDDEN, 2 * BRANCH);
  private static final WeightSpec LATER = matrix("later", HIDDEN, 2 * BRANCH);
  private static final WeightSpec LATER_NORM = vector("later norm", HIDDEN);

  private static final Stage STAGE =
      new Stage(
          "branches",
          LoopOrder.MICRO_BATCHES,
          List.of(
              new Step.Norm(NORM, EPSILON, X),
              product(LEFT, null, X, Activation.SILU, new Buffer.Columns(BRANCHES, 0, BRANCH)),
              product(
                  RIGHT,
                  RIGHT_BIAS,
                  X,
                  Activation.NONE,
                  new Buffer.Columns(BRANCHES, BRANCH, BRANCH)),
              new Step.Product(GATE, null, X, Step.Use.MULTIPLY, Activation.NONE, all(BRANCHES)),
              new Step.Product(OUT, null, BRANCHES, Step.Use.ADD, Activation.NONE, null),
              product(LATER, null, BRANCHES, Activation.NONE, all(Y)),
              new Step.Add(Y, LATER_NORM, EPSILON, 0.5)));

  private final Random random = new Random(5);
  private final Map<WeightSpec, float[][]> weights = new HashMap<>();
  private Holdings holdings;
  private ComputeDevice device;

  private static WeightSpec vector(String name, int elements) {
    return new WeightSpec(name, List.of((long) elements), 0, 1, 0);
  }

  private static WeightSpec matrix(String name, int rows, int columns) {
    return new WeightSpec(name, List.of((long) rows, (long) columns), 0, rows, 0);
  }

  private static Buffer.Columns all(Buffer buffer) {
    return new Buffer.Columns(buffer, 0, buffer.width());
  }

  private static Step.Product product(
      WeightSpec matrix,
      WeightSpec bias,
      Buffer source,
      Activation activation,
      Buffer.Columns target) {
    return new Step.Product(matrix, bias, source, Step.Use.STORE, activation, target);
  }

  @BeforeEach
  void open() {
    holdings = new Holdings();
    device = holdings.add(ComputeDevice.open("cpu", "float32", 1));
  }

  @AfterEach
  void close() {
    holdings.close();
  }

  private static DecoderSpec spec() {
    WeightSpec tokens = matrix("tokens", 10, HIDDEN);
    return new DecoderSpec(
        "made up",
        10,
        HIDDEN,
        16,
        tokens,
        1,
        null,
        0,
        List.of(new LayerProgram(List.of(STAGE))),
        new HeadSpec(NORM, EPSILON, tokens, true, 1, 0));
  }

  private float[][] random(int rows, int columns) {
    float[][] values = new float[rows][columns];
    for (float[] row : values) {
      for (int j = 0; j < columns; j++) {
        row[j] = (float) random.nextGaussian();
      }
    }
    return values;
  }

  private Tensor tensor(float[][] values) {
    Tensor tensor =
        holdings.add(
            device.allocateHost("test", NumberType.FLOAT32, values.length, values[0].length));
    var floats = tensor.buffer().asFloatBuffer();
    for (float[] row : values) {
      floats.put(row);
    }
    return tensor;
  }

  private ResidentWeights vectors() {
    ResidentWeights vectors = holdings.add(new ResidentWeights(device));
    for (Step step : STAGE.steps()) {
      for (WeightSpec weight : step.weights()) {
        weights.put(weight, random(weight.rows(), weight.columns()));
        if (!weight.isMatrix()) {
          vectors.put(weight, device.floats(weights.get(weight)[0]));
        }
      }
    }
    return vectors;
  }

  /** Each matrix in two tiles. */
  private void run(StagePass pass, BlockState block) throws IOException {
    for (int i = 0; i < STAGE.steps().size(); i++) {
      if (STAGE.steps().get(i) instanceof Step.Product product) {
        float[][] rows = weights.get(product.matrix());
        pass.before(i, block);
        pass.apply(i, 0, tensor(Arrays.copyOfRange(rows, 0, 1)), block);
        pass.apply(i, 1, tensor(Arrays.copyOfRange(rows, 1, rows.length)), block);
      }
    }
    pass.after(block);
  }

  @Test
  void aProgramIsAllThatAFamilyIs() throws IOException {
    ResidentWeights vectors = vectors();
    float[][] hidden = random(TOKENS + FIRST_ROW, HIDDEN);
    Tensor stream = tensor(hidden);
    Activations activations =
        holdings.add(
            new Activations(device, NumberType.FLOAT32, ActivationSizes.of(spec()), TOKENS));
    Lane lane = holdings.add(device.newLane("kernels"));
    lane.bind();
    Transformer transformer =
        new Transformer(device, lane, spec(), vectors, null, null, null, activations, null, null);
    BlockState block =
        new BlockState(
            new TokenBlock(0, TOKENS, List.of()), stream, device.none(), device.none(), FIRST_ROW);
    run(transformer.pass(spec().stages().get(0), null), block);
    float[] computed = device.kernels().toFloats(stream);
    for (int i = 0; i < hidden.length; i++) {
      float[] expected = i < FIRST_ROW ? hidden[i] : expected(hidden[i]);
      float[] row = Arrays.copyOfRange(computed, i * HIDDEN, (i + 1) * HIDDEN);
      assertThat(row).as("row %d", i).containsExactly(expected, within(1e-4f));
    }
  }

  private float[] expected(float[] hidden) {
    float[] x = normed(hidden, NORM);
    float[] left = times(LEFT, x);
    float[] right = times(RIGHT, x);
    float[] gate = times(GATE, x);
    float[] branches = new float[2 * BRANCH];
    for (int j = 0; j < BRANCH; j++) {
      branches[j] = (float) (left[j] / (1 + Math.exp(-left[j])) * gate[j]);
      branches[BRANCH + j] = (right[j] + weights.get(RIGHT_BIAS)[0][j]) * gate[BRANCH + j];
    }
    float[] added = plus(hidden, times(OUT, branches), 1);
    return plus(added, normed(times(LATER, branches), LATER_NORM), 0.5f);
  }

  private float[] normed(float[] x, WeightSpec weight) {
    double squares = 0;
    for (float value : x) {
      squares += value * value;
    }
    float[] y = new float[x.length];
    for (int j = 0; j < y.length; j++) {
      double scale = weights.get(weight)[0][j] / Math.sqrt(squares / x.length + EPSILON);
      y[j] = (float) (x[j] * scale);
    }
    return y;
  }

  private float[] times(WeightSpec matrix, float[] x) {
    float[] y = new float[matrix.rows()];
    for (int i = 0; i < y.length; i++) {
      for (int j = 0; j < x.length; j++) {
        y[i] += weights.get(matrix)[i][j] * x[j];
      }
    }
    return y;
  }

  private static float[] plus(float[] x, float[] y, float scale) {
    float[] sum = new float[x.length];
    for (int j = 0; j < sum.length; j++) {
      sum[j] = x[j] + scale * y[j];
    }
    return sum;
  }
}
