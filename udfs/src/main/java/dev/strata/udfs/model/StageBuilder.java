package dev.strata.udfs.model;

import java.util.ArrayList;
import java.util.List;

/**
 * Takes down the steps of a stage as a family's paper has them. {@code hidden} is the residual
 * stream; weights are named as they are within their layer, without {@code .weight}.
 */
final class StageBuilder {

  private final String prefix;
  private final int hiddenSize;
  private final double normEpsilon;
  private final List<Step> steps = new ArrayList<>();

  /**
   * @param prefix of the layer's tensors
   * @param normEpsilon added to the mean square in every norm
   */
  StageBuilder(String prefix, int hiddenSize, double normEpsilon) {
    this.prefix = prefix;
    this.hiddenSize = hiddenSize;
    this.normEpsilon = normEpsilon;
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

  /**
   * {@code [x · qᵀ, x · kᵀ, x · vᵀ]}, [(heads + 2 · kvHeads) · headDim].
   *
   * @param name what the names of the three begin with
   * @param biased whether each has a bias
   */
  Buffer queryKeyValue(String name, Buffer x, AttentionSpec attention, boolean biased) {
    int q = attention.queryWidth();
    int kv = attention.keyValueWidth();
    Buffer qkv = new Buffer("queries, keys and values", attention.width());
    store(name + ".q_proj", x, qkv.columns(0, q), Activation.NONE, biased);
    store(name + ".k_proj", x, qkv.columns(q, kv), Activation.NONE, biased);
    store(name + ".v_proj", x, qkv.columns(q + kv, kv), Activation.NONE, biased);
    return qkv;
  }

  /** {@code softmax(q · kᵀ · scale) · v}, [heads · headDim], the queries normed and rotated. */
  Buffer attend(Buffer queryKeyValue, AttentionSpec attention) {
    Buffer y = new Buffer("attended", attention.queryWidth());
    steps.add(new Step.Attend(queryKeyValue, attention, y));
    return y;
  }

  /** The same attention with norms of queries and keys, [headDim] each. */
  AttentionSpec normed(AttentionSpec attention, String ofQueries, String ofKeys) {
    int headDim = attention.headDim();
    return attention.withNorms(vector(ofQueries, headDim), vector(ofKeys, headDim), normEpsilon);
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
    return WeightSpec.vector(prefix + name + ".weight", elements);
  }
}
