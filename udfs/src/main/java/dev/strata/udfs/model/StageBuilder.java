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

  /**
   * The same in a stage that norms more than once.
   *
   * @param what what the buffer is called
   * @param vector its whole name within the layer
   */
  Buffer norm(String what, String vector) {
    Buffer x = new Buffer(what, hiddenSize);
    WeightSpec weight = ofNorm.apply(WeightSpec.vector(prefix + vector, hiddenSize));
    steps.add(new Step.Norm(weight, normEpsilon, x));
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

  /** {@code x · qᵀ}, [heads · 2 · headDim], a gate behind each head's query. */
  Buffer gatedQueries(String name, Buffer x, AttentionSpec attention, boolean biased) {
    return product("queries and gates", name, x, 2 * attention.queryWidth(), biased);
  }

  /**
   * {@code [q, x · kᵀ, x · vᵀ]}, [(heads + 2 · kvHeads) · headDim], the queries without their
   * gates.
   *
   * @param name what the names of the two begin with
   * @param queries [heads · 2 · headDim], a gate behind each head's query
   */
  Buffer queryKeyValue(
      String name, Buffer queries, Buffer x, AttentionSpec attention, boolean biased) {
    int q = attention.queryWidth();
    int kv = attention.keyValueWidth();
    Buffer qkv = new Buffer("queries, keys and values", attention.width());
    steps.add(new Step.TakeQueries(queries, attention.heads(), attention.headDim(), qkv));
    store(name + ".k_proj", x, qkv.columns(q, kv), Activation.NONE, biased);
    store(name + ".v_proj", x, qkv.columns(q + kv, kv), Activation.NONE, biased);
    return qkv;
  }

  /** {@code x *= sigmoid(gate)}, the gates behind the queries that attended. */
  void gateHeads(Buffer queries, AttentionSpec attention, Buffer x) {
    steps.add(new Step.GateHeads(queries, attention.heads(), attention.headDim(), x));
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

  /** The same attention with a sink for each head, [heads]. */
  AttentionSpec withSinks(AttentionSpec attention, String name) {
    return attention.withSinks(WeightSpec.vector(prefix + name, attention.heads()));
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

  /** {@code y += x}. */
  void sum(Buffer x, Buffer y) {
    steps.add(new Step.Sum(x, y));
  }

  /** {@code carried[first :] = hidden}, {@code hidden = 0}. */
  void setAside(int first) {
    steps.add(new Step.SetAside(first));
  }

  /** {@code hidden = carried[first :]}. */
  void takeBack(int first) {
    steps.add(new Step.TakeBack(first));
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

  /**
   * {@code [x · wᵀ]}, [width].
   *
   * @param what what the buffer is called
   */
  Buffer product(String what, String name, Buffer x, int width, boolean biased) {
    Buffer y = new Buffer(what, width);
    store(name, x, y.all(), Activation.NONE, biased);
    return y;
  }

  /** {@code x = norm(x)}. */
  void normInPlace(String weight, Buffer x) {
    normInPlace(weight, normEpsilon, x);
  }

  /** The same with an epsilon of its own. */
  void normInPlace(String weight, double epsilon, Buffer x) {
    steps.add(new Step.NormInPlace(vector(weight, x.width()), epsilon, x));
  }

  /**
   * Queries, key and value of latent attention, [(heads + 2) · (rotated + latent)].
   *
   * @param queries [heads · (plain + rotated)]
   * @param compressed [latent + rotated]
   * @param norm of the latent
   * @param matrix that makes keys and values of the latent
   */
  Buffer latentQueryKeyValue(
      LatentHeads heads,
      Buffer queries,
      Buffer compressed,
      String norm,
      double epsilon,
      String matrix) {
    Buffer qkv = new Buffer("queries, key and value", heads.attentionWidth());
    steps.add(new Step.LatentQueries(queries, heads, qkv));
    steps.add(new Step.LatentKey(compressed, heads, vector(norm, heads.latent()), epsilon, qkv));
    steps.add(new Step.LatentProduct(latent(heads, matrix), heads, queries, true, qkv));
    return qkv;
  }

  /** What is attended of the latent as the values that a matrix makes of it, [heads · value]. */
  Buffer latentValues(LatentHeads heads, Buffer attended, String matrix) {
    Buffer y = new Buffer("values", heads.heads() * heads.value());
    steps.add(new Step.LatentProduct(latent(heads, matrix), heads, attended, false, y));
    return y;
  }

  private WeightSpec latent(LatentHeads heads, String matrix) {
    return WeightSpec.matrix(prefix + matrix + ".weight", heads.rows(), heads.latent());
  }

  /**
   * {@code [x · qkvᵀ, x · zᵀ, x · bᵀ, x · aᵀ]} for a gated delta rule.
   *
   * @param name what the names of the four begin with
   */
  Buffer mixed(String name, Buffer x, RecurrenceSpec rule) {
    Buffer m = new Buffer("mixed", rule.width());
    int z = rule.channels();
    int b = z + rule.valueWidth();
    store(name + ".in_proj_qkv", x, m.columns(0, z), Activation.NONE, false);
    store(name + ".in_proj_z", x, m.columns(z, rule.valueWidth()), Activation.NONE, false);
    store(name + ".in_proj_b", x, m.columns(b, rule.valueHeads()), Activation.NONE, false);
    int a = b + rule.valueHeads();
    store(name + ".in_proj_a", x, m.columns(a, rule.valueHeads()), Activation.NONE, false);
    return m;
  }

  /** The same with two matrices, in which what belongs to a key head is side by side. */
  Buffer mixedByKeyHead(String name, Buffer x, RecurrenceSpec rule) {
    Buffer m = new Buffer("mixed", rule.width());
    int b = rule.channels() + rule.valueWidth();
    store(name + ".in_proj_qkvz", x, m.columns(0, b), Activation.NONE, false);
    store(name + ".in_proj_ba", x, m.columns(b, 2 * rule.valueHeads()), Activation.NONE, false);
    return m;
  }

  /** What the delta rule reads from its states, [valueHeads · valueDim]. */
  Buffer recur(Buffer mixed, RecurrenceSpec rule) {
    Buffer y = new Buffer("recurred", rule.valueWidth());
    steps.add(new Step.Recur(mixed, rule, y));
    return y;
  }

  /** {@code y = norm(y) · silu(z)}, head by head; the norm multiplies by what its weight says. */
  void gateNormed(String name, Buffer mixed, RecurrenceSpec rule, Buffer y) {
    WeightSpec norm = WeightSpec.vector(prefix + name + ".weight", rule.valueDim()).exactly();
    steps.add(new Step.GateNormed(mixed, rule, norm, normEpsilon, y));
  }

  /** {@code y *= sigmoid(x · wᵀ)}, a single number for each token. */
  void weigh(String name, Buffer x, Buffer y) {
    steps.add(new Step.Weigh(product("weight", name, x, 1, false), y));
  }

  /**
   * Chooses experts by {@code x · wᵀ}, [experts], and keeps {@code x} for them.
   *
   * @param name of the router
   * @param biased whether it has a bias
   */
  void route(String name, Buffer x, RoutingSpec routing, boolean biased) {
    route(name, x, x, routing, biased);
  }

  /**
   * The same where experts take something else.
   *
   * @param kept what they take, [hidden]
   */
  void route(String name, Buffer x, Buffer kept, RoutingSpec routing, boolean biased) {
    Buffer scores = new Buffer("router", routing.experts());
    WeightSpec matrix = WeightSpec.matrix(prefix + name + ".weight", routing.experts(), x.width());
    WeightSpec bias = biased ? WeightSpec.vector(prefix + name + ".bias", routing.experts()) : null;
    steps.add(new Step.Keep(kept));
    steps.add(
        new Step.Product(renamed(matrix), bias, x, Step.Use.STORE, Activation.NONE, scores.all()));
    steps.add(new Step.Route(scores, routing));
  }

  /** The same routing with scales: of products, and of each expert's weights, [experts]. */
  RoutingSpec withScales(RoutingSpec routing, double ofProducts, String ofExperts) {
    WeightSpec vector = WeightSpec.vector(prefix + ofExperts, routing.experts()).exactly();
    return routing.withScales(ofProducts, vector);
  }

  /**
   * The same with a correction of the scores, [experts], for the choice alone.
   *
   * @param correction its whole name within the layer
   */
  void routeCorrected(String name, String correction, Buffer x, RoutingSpec routing) {
    WeightSpec vector = WeightSpec.vector(prefix + correction, routing.experts()).exactly();
    route(name, x, routing.withCorrection(renamed(vector)), false);
  }

  /** The same tensor under the name that Hugging Face transformers has for it in memory. */
  private static WeightSpec renamed(WeightSpec weight) {
    String name = weight.name().replace("block_sparse_moe.", "mlp.");
    return name.equals(weight.name()) ? weight : weight.or(weight.named(name));
  }

  /** {@code x =} the kept rows of the tokens that chose an expert, [hidden]. */
  Buffer gather(int expert) {
    Buffer x = new Buffer("gathered", hiddenSize);
    steps.add(new Step.Gather(expert, x));
    return x;
  }

  /** {@code activation(x · gateᵀ) · (x · upᵀ)}, [rows of either]. */
  Buffer gated(WeightSpec gate, WeightSpec up, Buffer x, Activation activation) {
    Buffer y = new Buffer("intermediate", gate.rows());
    steps.add(new Step.Product(gate, null, x, Step.Use.STORE, activation, y.all()));
    steps.add(new Step.Product(up, null, x, Step.Use.MULTIPLY, Activation.NONE, y.all()));
    return y;
  }

  /** {@code x · wᵀ}, [hidden]. */
  Buffer product(WeightSpec matrix, Buffer x) {
    Buffer y = new Buffer("product", hiddenSize);
    steps.add(new Step.Product(matrix, null, x, Step.Use.STORE, Activation.NONE, y.all()));
    return y;
  }

  /**
   * {@code x · wᵀ + bias} with an expert's part of [experts, width, width of x] and of [experts,
   * width].
   *
   * @param name of the matrix; that of the bias goes on with {@code _bias}
   * @param transposed whether the matrices are stored as [experts, width of x, width]
   */
  Buffer ofExpert(String name, Buffer x, int experts, int expert, int width, boolean transposed) {
    int rows = transposed ? x.width() : width;
    int columns = transposed ? width : x.width();
    WeightSpec matrix = WeightSpec.matrixOf(prefix + name, experts, expert, rows, columns);
    WeightSpec bias = WeightSpec.vectorOf(prefix + name + "_bias", experts, expert, width);
    Buffer y = new Buffer(name, width);
    steps.add(
        new Step.Product(matrix, bias, x, Step.Use.STORE, Activation.NONE, y.all(), transposed));
    return y;
  }

  /** {@code (up + 1) · gate · sigmoid(alpha · gate)} of gates and ups by turns, clamped. */
  Buffer clamped(double alpha, double limit, Buffer x) {
    Buffer y = new Buffer("intermediate", x.width() / 2);
    steps.add(new Step.Clamp(x, alpha, limit, y));
    return y;
  }

  /** {@code hidden += weight · x} for the tokens that chose an expert. */
  void combine(int expert, Buffer x) {
    steps.add(new Step.Combine(expert, x));
  }

  /** The stage of an expert, whose tiles pass when all tokens have been routed. */
  Stage buildExpert(int expert) {
    return new Stage("expert " + expert, LoopOrder.GATHERED, steps);
  }

  /** A tensor's name in the checkpoint. */
  String named(String name) {
    return prefix + name;
  }

  int hiddenSize() {
    return hiddenSize;
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
