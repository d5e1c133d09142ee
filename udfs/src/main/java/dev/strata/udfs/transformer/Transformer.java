package dev.strata.udfs.transformer;

import dev.strata.udfs.kv.KvMemory;
import dev.strata.udfs.kv.StateMemory;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.WeightSpec;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.DeltaRules;
import dev.strata.udfs.tensor.Kernels;
import dev.strata.udfs.tensor.Lane;
import dev.strata.udfs.tensor.Tensor;

/**
 * The forward pass of a decoder: what its stages say, step by step, with the tiles that are handed
 * to them, then {@code head(norm(hidden))}.
 */
public final class Transformer {

  private final ComputeDevice device;
  private final Lane compute;
  private final DecoderSpec spec;
  private final ResidentWeights vectors;
  private final KvMemory kv;
  private final StateMemory states;
  private final DeltaRules rules;
  private final Activations activations;
  private final Choices choices;
  private final ExpertResults results;

  /**
   * A forward pass.
   *
   * @param compute the lane that stages' work is sent to, bound to the caller's thread
   * @param rules kernels of delta rules; null where the model has none
   * @param choices what routers fill; null where the model has none
   * @param results of experts that are computed at once; null where none are
   */
  public Transformer(
      ComputeDevice device,
      Lane compute,
      DecoderSpec spec,
      ResidentWeights vectors,
      KvMemory kv,
      StateMemory states,
      DeltaRules rules,
      Activations activations,
      Choices choices,
      ExpertResults results) {
    this.device = device;
    this.compute = compute;
    this.spec = spec;
    this.vectors = vectors;
    this.kv = kv;
    this.states = states;
    this.rules = rules;
    this.activations = activations;
    this.choices = choices;
    this.results = results;
  }

  /** The computation of a stage of a layer. */
  public StagePass pass(DecoderSpec.StageOfLayer stage, Positions positions) {
    return new StagePass(this, stage.layer(), stage.stage(), positions);
  }

  /** Whether several experts of a layer can be computed at once. */
  public boolean batches(DecoderSpec.StageOfLayer expert) {
    return results != null
        && activations.type() == device.computeType()
        && ExpertBatch.takes(this, expert.stage());
  }

  /**
   * The computation of several experts of a layer at once.
   *
   * @param expert the stage of one; those of the others differ from it in their weights alone
   */
  public ExpertBatch batch(DecoderSpec.StageOfLayer expert) {
    return new ExpertBatch(this, expert.stage());
  }

  /**
   * The head's input for some rows of a block, after its last layer.
   *
   * @param source [rows] which rows of {@code hidden}
   * @param target [rows] where they go
   * @param out [tokens of the head, hidden]
   */
  public void normForHead(Tensor hidden, Tensor source, Tensor out, Tensor target) {
    compute.run(
        "norm",
        () ->
            kernels()
                .normPicked(
                    hidden,
                    source,
                    vector(spec.head().norm()),
                    spec.head().epsilon(),
                    out,
                    target));
  }

  /**
   * The head.
   *
   * @param normed [tokens of the head, hidden]; stays the caller's. Tokens whose logits are wanted
   *     in full come first
   * @param logits [at least logitRows, vocabulary] float32 on the host
   * @param logitRows how many of the tokens have their logits kept
   * @param targets tokens whose log-probabilities are wanted
   */
  public HeadPass head(Tensor normed, Tensor logits, int logitRows, HeadTargets targets) {
    return new HeadPass(device, spec.head(), normed, logits, logitRows, targets);
  }

  /**
   * Adds up the last hidden states of some tokens of a block, after its last layer, each normed as
   * for the head.
   *
   * @param first the first of the tokens in the block; {@code count} of them
   * @param sums [rows, hidden] float32
   * @param row the row that they are added to
   */
  public void pool(BlockState block, int first, int count, Tensor sums, int row) {
    compute.run(
        "norm",
        () ->
            kernels()
                .poolRows(
                    block.hidden(),
                    block.row() + first,
                    count,
                    vector(spec.head().norm()),
                    spec.head().epsilon(),
                    activations.buffer(0, spec.hiddenSize()),
                    sums,
                    row));
  }

  Tensor vector(WeightSpec weight) {
    return vectors.vector(weight);
  }

  /** All vectors of the tensor that one is of; null where it is alone. */
  Tensor vectors(WeightSpec oneOfThem) {
    return vectors.table(oneOfThem);
  }

  Lane compute() {
    return compute;
  }

  Kernels kernels() {
    return device.kernels();
  }

  KvMemory kv() {
    return kv;
  }

  StateMemory states() {
    return states;
  }

  DeltaRules rules() {
    return rules;
  }

  Choices choices() {
    return choices;
  }

  ExpertResults results() {
    return results;
  }

  Activations activations() {
    return activations;
  }
}
