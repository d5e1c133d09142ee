package dev.strata.udfs.model;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Takes down the steps of a stage as a family's paper has them. {@code hidden} is the residual
 * stream; weights are named as they are within their layer, without {@code .weight}.
 */
final class StageBuilder {

  private final String prefix;
  private final int hiddenSize;
  private final double normEpsilon;
  private final UnaryOperator<WeightSpec> ofNorm;
  private final List<Step> steps = new ArrayList<>();

  /**
   * @param prefix of the layer's tensors
   * @param normEpsilon added to the mean square in every norm
   * @param ofNorm how the weights of every norm are read
   */
  StageBuilder(
      String prefix, int hiddenSize, double normEpsilon, UnaryOperator<WeightSpec> ofNorm) {
    this.prefix = prefix;
    this.hiddenSize = hiddenSize;
    this.normEpsilon = normEpsilon;
    this.ofNorm = ofNorm;
  }

  /** The stage, whose tiles pass micro-batch by micro-batch. */
  Stage build(String name) {
    return new Stage(name, LoopOrder.MICRO_BATCHES, steps);
  }

  /** {@code x = norm(hidden)}, [hidden]. */
  Buffer norm(String weight) {
    Buffer x = new Buffer("normed", hiddenSize);
    steps.add(new Step.Norm(vector(weight, hiddenSize), normEpsilon, x));
    return x;
  }

  /** {@code x = hidden}, [hidden]. */
  Buffer hidden() {
    Buffer x = new Buffer("hidden", hiddenSize);
    steps.add(new Step.Norm(null, normEpsilon, x));
    return x;
  }

  /**
   * {@code [x · qᵀ, x · kᵀ, x · vᵀ]}, [(heads + 2 · kvHeads) · headDim], without those that are
   * another layer's or made of the others.
   *
   * @param name what the names of the three begin with
   * @param biased whether each has a bias
   */
  Buffer queryKeyValue(String name, Buffer x, AttentionSpec attention, boolean biased) {
    int q = attention.queryWidth();
    int kv = attention.keyValueWidth();
    Buffer qkv = new Buffer("queries, keys and values", attention.width());
    store(name + ".q_proj", x, qkv.columns(0, q), Activation.NONE, biased);
    if (attention.sharesKeys()) {
      return qkv;
    }
    store(name + ".k_proj", x, qkv.columns(q, kv), Activation.NONE, biased);
    if (attention.values() != AttentionSpec.Values.NORMED_KEYS) {
      store(name + ".v_proj", x, qkv.columns(q + kv, kv), Activation.NONE, biased);
    }
    return qkv;
  }

  /** The same with one matrix, in which those of queries, keys and values follow one another. */
  Buffer queryKeyValueFused(String name, Buffer x, AttentionSpec attention) {
    Buffer qkv = new Buffer("queries, keys and values", attention.width());
    store(name, x, qkv.all(), Activation.NONE, false);
    return qkv;
  }

  /** {@code softmax(q · kᵀ · scale) · v}, [heads · headDim], the queries normed and rotated. */
  Buffer attend(Buffer queryKeyValue, AttentionSpec attention) {
    Buffer y = new Buffer("attended", attention.queryWidth());
    steps.add(new Step.Attend(queryKeyValue, attention, y));
    return y;
  }

  /** The same attention with norms of queries and keys, head by head, [headDim] each. */
  AttentionSpec normed(AttentionSpec attention, String ofQueries, String ofKeys) {
    int headDim = attention.headDim();
    WeightSpec keyNorm = attention.sharesKeys() ? null : vector(ofKeys, headDim);
    return attention.withNorms(vector(ofQueries, headDim), keyNorm, normEpsilon);
  }

  /** The same with norms of all heads together, [heads · headDim] and [kvHeads · headDim]. */
  AttentionSpec normedTogether(AttentionSpec attention, String ofQueries, String ofKeys) {
    return attention.withNorms(
        vector(ofQueries, attention.queryWidth()),
        vector(ofKeys, attention.keyValueWidth()),
        normEpsilon);
  }

  /**
   * {@code activation(x · gateᵀ) · (x · upᵀ)}, [width].
   *
   * @param name what the names of both begin with
   * @param biased whether each has a bias
   */
  Buffer gated(String name, Buffer x, int width, Activation activation, boolean biased) {
    Buffer y = new Buffer("intermediate", width);
    store(name + ".gate_proj", x, y.all(), activation, biased);
    product(name + ".up_proj", x, Step.Use.MULTIPLY, Activation.NONE, y.all(), width, biased);
    return y;
  }

  /** The same with one matrix, whose first half is the gate's. */
  Buffer gatedFused(String name, Buffer x, int width, Activation activation) {
    Buffer y = new Buffer("intermediate", width);
    WeightSpec both = WeightSpec.matrix(prefix + name + ".weight", 2 * width, x.width());
    WeightSpec gate = both.rows(0, width);
    WeightSpec up = both.rows(width, width);
    steps.add(new Step.Product(gate, null, x, Step.Use.STORE, activation, y.all()));
    steps.add(new Step.Product(up, null, x, Step.Use.MULTIPLY, Activation.NONE, y.all()));
    return y;
  }

  /** {@code x · wᵀ}, [hidden]. */
  Buffer product(String name, Buffer x, boolean biased) {
    Buffer y = new Buffer("product", hiddenSize);
    store(name, x, y.all(), Activation.NONE, biased);
    return y;
  }

  /** {@code activation(x · wᵀ)}, [width]. */
  Buffer activated(String name, Buffer x, int width, Activation activation) {
    Buffer y = new Buffer("activated", width);
    store(name, x, y.all(), activation, false);
    return y;
  }

  /** {@code carried = scale · (carried + norm(x · wᵀ))}, groups of elements normed each alone. */
  void carry(WeightSpec matrix, WeightSpec norm, double epsilon, double scale, Buffer x) {
    Buffer y = new Buffer("carried", matrix.rows());
    steps.add(new Step.Product(matrix, null, x, Step.Use.STORE, Activation.NONE, y.all()));
    steps.add(new Step.Carry(y, norm, epsilon, scale));
  }

  /** {@code x *= carried[first : first + width]}. */
  void multiplyCarried(int first, Buffer x) {
    steps.add(new Step.MultiplyCarried(first, x));
  }

  /** {@code hidden *= factor}, a single number. */
  void scale(String factor) {
    steps.add(new Step.Scale(WeightSpec.vector(prefix + factor, 1)));
  }

  /** {@code hidden += norm(x)}. */
  void addNormed(String weight, Buffer x) {
    steps.add(new Step.Add(x, vector(weight, hiddenSize), normEpsilon, 1));
  }

  /** {@code hidden += scale · x}. */
  void addScaled(double scale, Buffer x) {
    steps.add(new Step.Add(x, null, normEpsilon, scale));
  }

  /** {@code hidden += x · wᵀ}. */
  void addProduct(String name, Buffer x, boolean biased) {
    product(name, x, Step.Use.ADD, Activation.NONE, null, hiddenSize, biased);
  }

  private void store(
      String name, Buffer x, Buffer.Columns target, Activation activation, boolean biased) {
    product(name, x, Step.Use.STORE, activation, target, target.count(), biased);
  }

  private void product(
      String name,
      Buffer x,
      Step.Use use,
      Activation activation,
      Buffer.Columns target,
      int rows,
      boolean biased) {
    WeightSpec matrix = WeightSpec.matrix(prefix + name + ".weight", rows, x.width());
    WeightSpec bias = biased ? WeightSpec.vector(prefix + name + ".bias", rows) : null;
    steps.add(new Step.Product(matrix, bias, x, use, activation, target));
  }

  private WeightSpec vector(String name, int elements) {
    return ofNorm.apply(WeightSpec.vector(prefix + name + ".weight", elements));
  }
}
