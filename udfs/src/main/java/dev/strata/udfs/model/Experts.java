package dev.strata.udfs.model;

/**
 * The experts of a layer, each a small gated feed-forward, and how checkpoints name their matrices:
 * one tensor for each, or all of a kind in one.
 *
 * @param count how many
 * @param width of an expert's intermediate
 * @param together what the names of tensors that hold all of a kind begin with
 * @param each what the names of an expert's own tensors begin with, before its number
 * @param gate what its gate's matrix is called after its number; {@code up} and {@code down} alike
 */
record Experts(
    int count,
    int width,
    Activation activation,
    String together,
    String each,
    String gate,
    String up,
    String down) {

  private static final String USUAL = "mlp.experts.";

  /** With the names that most families have. */
  static Experts of(int count, int width, Activation activation) {
    return named(count, width, activation, USUAL);
  }

  /** The same with other names before them. */
  static Experts named(int count, int width, Activation activation, String prefix) {
    return new Experts(
        count, width, activation, prefix, prefix, "gate_proj", "up_proj", "down_proj");
  }

  /** With the names of Mixtral. */
  static Experts numbered(int count, int width, Activation activation) {
    return new Experts(
        count, width, activation, USUAL, "block_sparse_moe.experts.", "w1", "w3", "w2");
  }

  /** {@code hidden += weight · (activation(x · gateᵀ) · (x · upᵀ)) · downᵀ}. */
  Stage stage(StageBuilder b, int expert) {
    Buffer x = b.gather(expert); // [hidden]
    Buffer g = b.gated(half(b, expert, gate, 0), half(b, expert, up, width), x, activation);
    b.combine(expert, b.product(down(b, expert), g)); // [hidden]
    return b.buildExpert(expert);
  }

  /** [width, hidden], or rows of [experts, 2 · width, hidden]. */
  private WeightSpec half(StageBuilder b, int expert, String name, int first) {
    WeightSpec own = WeightSpec.matrix(own(b, expert, name), width, b.hiddenSize());
    return own.or(
        WeightSpec.matrixOf(
                b.named(together + "gate_up_proj"), count, expert, 2 * width, b.hiddenSize())
            .rows(first, width));
  }

  /** [hidden, width], or rows of [experts, hidden, width]. */
  private WeightSpec down(StageBuilder b, int expert) {
    WeightSpec own = WeightSpec.matrix(own(b, expert, down), b.hiddenSize(), width);
    return own.or(
        WeightSpec.matrixOf(b.named(together + "down_proj"), count, expert, b.hiddenSize(), width));
  }

  private String own(StageBuilder b, int expert, String name) {
    return b.named(each + expert + "." + name + ".weight");
  }
}
